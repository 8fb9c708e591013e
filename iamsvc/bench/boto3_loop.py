"""Lists every access key with its last use, in the way of the Python guide's
examples: a paginator over the users, list_access_keys for each of them,
get_access_key_last_used for each key. One JSON line per key."""

import json
import sys

import boto3

iam = boto3.client("iam", endpoint_url=sys.argv[1])
for page in iam.get_paginator("list_users").paginate():
    for user in page["Users"]:
        name = user["UserName"]
        for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
            iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])
            print(json.dumps({"User": name, "ID": key["AccessKeyId"], "Status": key["Status"]}), flush=True)
