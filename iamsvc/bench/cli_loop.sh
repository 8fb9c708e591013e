# Lists the access keys of the first users with their last use, one AWS CLI
# command after the other. $1: endpoint, $2: how many users. One JSON line per key.
set -euo pipefail
iam() { /usr/bin/aws --endpoint-url "$endpoint" --output text iam "$@"; }
endpoint=$1
iam list-users --query 'Users[].[UserName]' | sed -n "1,$2p" | while read -r name; do
	iam list-access-keys --user-name "$name" --query 'AccessKeyMetadata[].[AccessKeyId,Status]' | while read -r id status; do
		iam get-access-key-last-used --access-key-id "$id" >/dev/null
		printf '{"User":"%s","ID":"%s","Status":"%s"}\n' "$name" "$id" "$status"
	done
done
