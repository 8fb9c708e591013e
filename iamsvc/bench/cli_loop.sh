# Lists every access key with its last use, one AWS CLI command after the other.
# $1: endpoint. One JSON line per key.
set -euo pipefail
endpoint=$1
iam() { /usr/bin/aws --endpoint-url "$endpoint" --output text iam "$@"; }
iam list-users --query 'Users[].[UserName]' | while read -r name; do
	iam list-access-keys --user-name "$name" --query 'AccessKeyMetadata[].[AccessKeyId,Status]' | while read -r id status; do
		iam get-access-key-last-used --access-key-id "$id" >/dev/null
		printf '{"User":"%s","ID":"%s","Status":"%s"}\n' "$name" "$id" "$status"
	done
done
