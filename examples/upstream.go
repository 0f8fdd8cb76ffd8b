// Sends three facts about one complaint and prints their receipts: the third is rejected, and says why.
//
//	HUIYIN_API_KEY=hy_… go run examples/upstream.go [http://127.0.0.1:8080] [C-1]
package main

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

const source = "/examples/go"

var pauses = []time.Duration{200, 500, 1000, 2000, 5000} // milliseconds between attempts

// Fact is a CloudEvent. Its ID is made once, so that one sent twice is recorded once.
type Fact struct {
	SpecVersion string         `json:"specversion"`
	Source      string         `json:"source"`
	ID          string         `json:"id"`
	Type        string         `json:"type"`
	Subject     string         `json:"subject"`
	Time        time.Time      `json:"time"`
	Data        map[string]any `json:"data"`
}

// Receipt is the ledger's answer to one fact.
type Receipt struct {
	ID       string `json:"id"`
	Status   string `json:"status"`
	Code     string `json:"code"`
	Reason   string `json:"reason"`
	Field    string `json:"field"`
	Sequence int    `json:"sequence"`
}

func main() {
	url := argument(1, "http://127.0.0.1:8080")
	receipts, err := send(url, facts("complaint/"+argument(2, "C-"+id())))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if !told(receipts) {
		os.Exit(1)
	}
}

// A complaint, its handler, and a closing that comes too early: nothing was resolved.
func facts(subject string) []Fact {
	received := map[string]any{
		"customer": "K-1", "category": "delivery", "channel": "phone", "summary": "nothing came 三天未送货",
	}
	return []Fact{
		fact("complaint.received", subject, received),
		fact("complaint.assigned", subject, map[string]any{"handler": "S-1"}),
		fact("complaint.closed", subject, map[string]any{"by": "S-1"}),
	}
}

func fact(kind, subject string, data map[string]any) Fact {
	return Fact{"1.0", source, id(), kind, subject, time.Now(), data}
}

// Tries again, with the same ids, where the API is away for a moment.
func send(url string, facts []Fact) ([]Receipt, error) {
	body, err := json.Marshal(facts)
	if err != nil {
		return nil, err
	}
	for attempt := 0; ; attempt++ {
		status, answer, err := post(url+"/events", body)
		again := err != nil || status == 429 || status >= 502 && status <= 504
		if again && attempt < len(pauses) {
			time.Sleep(pauses[attempt] * time.Millisecond)
			continue
		}
		if err != nil {
			return nil, err
		}
		if status != http.StatusOK {
			return nil, fmt.Errorf("%s answered %d: %s", url, status, answer)
		}
		var receipts []Receipt
		err = json.Unmarshal(answer, &receipts)
		return receipts, err
	}
}

func post(url string, body []byte) (int, []byte, error) {
	request, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Content-Type", "application/cloudevents-batch+json")
	request.Header.Set("Authorization", "Bearer "+os.Getenv("HUIYIN_API_KEY"))
	client := http.Client{Timeout: 30 * time.Second}
	answer, err := client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(answer.Body)
	return answer.StatusCode, said, err
}

// Prints the receipts; whether the ledger took all.
func told(receipts []Receipt) bool {
	all := true
	for _, receipt := range receipts {
		if receipt.Status == "rejected" {
			fmt.Println(receipt.Status, receipt.Code)
			fmt.Fprintf(os.Stderr, "rejected: %s: %s\n", receipt.Field, receipt.Reason)
			all = false
			continue
		}
		fmt.Println(receipt.Status, receipt.Sequence)
	}
	return all
}

func argument(place int, otherwise string) string {
	if len(os.Args) > place {
		return os.Args[place]
	}
	return otherwise
}

func id() string {
	random := make([]byte, 16)
	if _, err := rand.Read(random); err != nil {
		panic(err)
	}
	return hex.EncodeToString(random)
}
