package iamsvc

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
)

func TestOnAWS(t *testing.T) {
	t.Parallel()
	for endpoint, want := range map[string]bool{
		"":                               true,
		"https://iam-fips.amazonaws.com": true,
		"https://iam.cn-north-1.amazonaws.com.cn/": true,
		"https://iam.global.api.aws:443":           true,
		"http://127.0.0.1:9000":                    false,
		"https://iam.amazonaws.com.evil.example":   false,
		"https://minio.example/amazonaws.com":      false,
	} {
		a := &Account{}
		a.openLanes(Config{IAMEndpoint: endpoint}.withDefaults())
		if a.OnAWS() != want {
			t.Errorf("%q is AWS: %v", endpoint, !want)
		}
	}
	elsewhere := &Account{}
	elsewhere.openLanes(Config{AWS: aws.Config{BaseEndpoint: aws.String("http://localhost:4566")}}.withDefaults())
	if elsewhere.OnAWS() {
		t.Error("an endpoint of the AWS configuration is taken for AWS")
	}
}
