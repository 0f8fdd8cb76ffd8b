#!/bin/sh
# Sends three facts about one complaint and prints their receipts: the third is rejected, and says why.
#
#   HUIYIN_API_KEY=hy_… sh examples/upstream.sh [http://127.0.0.1:8080] [C-1]
#
# Trouble on the way is tried again with the same ids: a fact that is sent twice is recorded once.
set -eu
url=${1:-http://127.0.0.1:8080}
run=$(date +%s)-$$
number=${2:-C-$run}
now=$(date -u +%Y-%m-%dT%H:%M:%SZ)

# fact ID TYPE DATA
fact() {
  printf '{"specversion": "1.0", "source": "/examples/sh", "id": "%s-%s", "type": "%s", "subject": "complaint/%s", "time": "%s", "data": %s}' \
    "$run" "$1" "$2" "$number" "$now" "$3"
}

batch=$(printf '[%s,\n%s,\n%s]' \
  "$(fact 1 complaint.received '{"customer": "K-1", "category": "delivery", "channel": "phone", "summary": "nothing came 三天未送货"}')" \
  "$(fact 2 complaint.assigned '{"handler": "S-1"}')" \
  "$(fact 3 complaint.closed '{"by": "S-1"}')")

# The key goes in by a pipe: arguments of a command can be read by everyone on the machine.
receipts=$(printf 'Authorization: Bearer %s\n' "${HUIYIN_API_KEY:-}" | curl --silent --show-error \
  --fail-with-body --retry 5 --retry-connrefused --header @- \
  --header 'Content-Type: application/cloudevents-batch+json' --data-binary "$batch" "$url/events") || {
  echo "$receipts" >&2
  exit 2
}
# A receipt a line
receipts=$(printf '%s\n' "$receipts" | sed 's/^\[//; s/\]$//; s/},{"id"/}\
{"id"/g')
printf '%s\n' "$receipts"
if printf '%s\n' "$receipts" | grep '"status":"rejected"' >&2; then
  exit 1
fi
