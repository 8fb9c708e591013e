package iamsvc

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// MFADevice is a second factor of a user.
type MFADevice struct {
	SerialNumber string // an ARN for virtual devices and security keys, else a hardware token's number
	Kind         string // "Virtual", "Security key" or "Hardware", read off the serial number
	Enabled      time.Time
}

// ListMFADevices reads every page.
func (a *Account) ListMFADevices(ctx context.Context, user string) ([]MFADevice, error) {
	if err := ValidateExistingUserName(user); err != nil {
		return nil, err
	}
	l := a.interactive
	return allPages(ctx, "ListMFADevices", boundOfOneUser, func(ctx context.Context, marker *string) (page[MFADevice], error) {
		out, err := call(ctx, l, l.iam.ListMFADevices, &iam.ListMFADevicesInput{UserName: &user, Marker: marker, MaxItems: &a.pageSize})
		if err != nil {
			return page[MFADevice]{}, err
		}
		return page[MFADevice]{convert(out.MFADevices, newMFADevice), out.IsTruncated, out.Marker}, nil
	})
}

// virtualMFAUsers names the users with a virtual device, of the whole account
// in a few calls.
func (a *Account) virtualMFAUsers(ctx context.Context, l *lane) (map[string]bool, error) {
	devices, err := allPages(ctx, "ListVirtualMFADevices", a.boundOfUsers(), func(ctx context.Context, marker *string) (page[types.VirtualMFADevice], error) {
		in := &iam.ListVirtualMFADevicesInput{AssignmentStatus: types.AssignmentStatusTypeAssigned, Marker: marker, MaxItems: &a.pageSize}
		out, err := call(ctx, l, l.iam.ListVirtualMFADevices, in)
		if err != nil {
			return page[types.VirtualMFADevice]{}, err
		}
		return page[types.VirtualMFADevice]{out.VirtualMFADevices, out.IsTruncated, out.Marker}, nil
	})
	names := make(map[string]bool, len(devices))
	for _, d := range devices {
		if d.User != nil {
			names[aws.ToString(d.User.UserName)] = true
		}
	}
	return names, err
}

func newMFADevice(d types.MFADevice) MFADevice {
	serial := aws.ToString(d.SerialNumber)
	kind := "Hardware"
	switch {
	case strings.Contains(serial, ":mfa/"):
		kind = "Virtual"
	case strings.Contains(serial, ":u2f/"):
		kind = "Security key"
	}
	return MFADevice{SerialNumber: serial, Kind: kind, Enabled: utc(d.EnableDate)}
}
