import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Sends three facts about one complaint and prints their receipts: the third is rejected, and says why.
 *
 * <p>{@code HUIYIN_API_KEY=hy_… java examples/Upstream.java [http://127.0.0.1:8080] [C-1]}; Java 11 or newer.
 *
 * <p>The JDK reads no JSON. Receipts are flat, so that a pattern is enough here; take your JSON library.
 */
public class Upstream {
    private static final String SOURCE = "/examples/java";
    private static final Pattern OBJECT = Pattern.compile("\\{(?:[^{}\"]|\"(?:[^\"\\\\]|\\\\.)*\")*\\}");
    private static final Pattern FIELD = Pattern.compile("\"(\\w+)\":(?:\"((?:[^\"\\\\]|\\\\.)*)\"|(\\d+))");
    private static final long[] PAUSES_MS = {200, 500, 1000, 2000, 5000};

    public static void main(String[] arguments) throws Exception {
        String url = arguments.length > 0 ? arguments[0] : "http://127.0.0.1:8080";
        String number = arguments.length > 1 ? arguments[1] : "C-" + UUID.randomUUID();
        HttpResponse<String> answer;
        try {
            answer = sent(url, batch("complaint/" + number));
        } catch (java.io.IOException problem) {
            System.err.println(url + " cannot be reached: " + problem);
            System.exit(2);
            return;
        }
        if (answer.statusCode() != 200) {
            System.err.println(answer.body());
            System.exit(2);
        }
        System.exit(told(receipts(answer.body())) ? 0 : 1);
    }

    /** A complaint, its handler, and a closing that comes too early: nothing was resolved. */
    private static String batch(String subject) {
        return "[" + String.join(",\n",
            fact("complaint.received", subject, "{\"customer\": \"K-1\", \"category\": \"delivery\", "
                + "\"channel\": \"phone\", \"summary\": \"nothing came 三天未送货\"}"),
            fact("complaint.assigned", subject, "{\"handler\": \"S-1\"}"),
            fact("complaint.closed", subject, "{\"by\": \"S-1\"}")) + "]";
    }

    /** A CloudEvent; its id is made once, so that the attempts of {@link #sent} are recorded once. */
    private static String fact(String type, String subject, String data) {
        return String.format(
            "{\"specversion\": \"1.0\", \"source\": \"%s\", \"id\": \"%s\", \"type\": \"%s\", "
                + "\"subject\": \"%s\", \"time\": \"%s\", \"data\": %s}",
            SOURCE, UUID.randomUUID(), type, subject, Instant.now(), data);
    }

    /** Tries again, with the same ids, where the API is away for a moment. */
    private static HttpResponse<String> sent(String url, String body) throws Exception {
        HttpClient client = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
        HttpRequest request = HttpRequest.newBuilder(URI.create(url + "/events"))
            .timeout(Duration.ofSeconds(30))
            .header("Content-Type", "application/cloudevents-batch+json")
            .header("Authorization", "Bearer " + System.getenv().getOrDefault("HUIYIN_API_KEY", ""))
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
        for (int attempt = 0; ; attempt++) {
            boolean last = attempt == PAUSES_MS.length;
            try {
                HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
                if (last || !List.of(429, 502, 503, 504).contains(answer.statusCode())) {
                    return answer;
                }
            } catch (java.io.IOException problem) {
                if (last) {
                    throw problem;
                }
            }
            Thread.sleep(PAUSES_MS[attempt]);
        }
    }

    private static List<Map<String, String>> receipts(String body) {
        List<Map<String, String>> found = new ArrayList<>();
        for (Matcher object = OBJECT.matcher(body); object.find(); ) {
            Map<String, String> receipt = new HashMap<>();
            for (Matcher field = FIELD.matcher(object.group()); field.find(); ) {
                receipt.put(field.group(1), field.group(2) != null ? field.group(2) : field.group(3));
            }
            found.add(receipt);
        }
        return found;
    }

    /** Prints the receipts; whether the ledger took all. */
    private static boolean told(List<Map<String, String>> receipts) {
        boolean all = true;
        for (Map<String, String> receipt : receipts) {
            String code = receipt.getOrDefault("code", receipt.getOrDefault("sequence", ""));
            System.out.println((receipt.get("status") + " " + code).trim());
            if (receipt.get("status").equals("rejected")) {
                System.err.println("rejected: " + receipt.get("field") + ": " + receipt.get("reason"));
                all = false;
            }
        }
        return all;
    }
}
