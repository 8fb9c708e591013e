package localaccount

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

func TestListVirtualMFADevices(t *testing.T) {
	t.Parallel()
	client := admin(open(t, Options{Users: 60}))
	seen := map[string]bool{}
	pages := iam.NewListVirtualMFADevicesPaginator(client, &iam.ListVirtualMFADevicesInput{MaxItems: aws.Int32(3)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range page.VirtualMFADevices {
			if !strings.HasSuffix(*d.SerialNumber, ":mfa/"+*d.User.UserName) || d.EnableDate == nil || seen[*d.SerialNumber] {
				t.Errorf("device %+v", d)
			}
			seen[*d.SerialNumber] = true
		}
	}
	if len(seen) < 4 || !seen["arn:aws:iam::123456789012:mfa/mateo.jackson"] {
		t.Errorf("devices %v", seen)
	}
	none, err := client.ListVirtualMFADevices(t.Context(), &iam.ListVirtualMFADevicesInput{AssignmentStatus: types.AssignmentStatusTypeUnassigned})
	if err != nil || len(none.VirtualMFADevices) != 0 {
		t.Errorf("unassigned: %v, %v", none, err)
	}
}
