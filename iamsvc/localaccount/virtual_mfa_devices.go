package localaccount

import "strings"

type virtualMFADeviceReply struct {
	SerialNumber string
	EnableDate   string
	User         userReply
}

type virtualMFADevicesResult struct {
	VirtualMFADevices members[virtualMFADeviceReply]
	paging
}

// assignedDevice is a device with the user it hangs on. The account keeps no device without a user.
type assignedDevice struct {
	user *user
	mfaDevice
}

// listVirtualMFADevices names the users with a virtual device in one call, where ListMFADevices needs one per user.
func listVirtualMFADevices(c *call) (any, error) {
	status := c.params.text("AssignmentStatus")
	if status != "" && status != "Assigned" && status != "Unassigned" && status != "Any" {
		return nil, notOneOf("assignmentStatus", status, "Assigned", "Unassigned", "Any")
	}
	var assigned []assignedDevice
	for _, u := range c.users() {
		for _, d := range u.MFADevices {
			if status != "Unassigned" && strings.Contains(d.Serial, ":mfa/") {
				assigned = append(assigned, assignedDevice{u, d})
			}
		}
	}
	page, tail, err := listPage(c, assigned, func(d assignedDevice) string { return d.user.key() + " " + d.Serial })
	return virtualMFADevicesResult{convert(page, c.virtualMFADevice), tail}, err
}

func (a *Account) virtualMFADevice(d assignedDevice) virtualMFADeviceReply {
	return virtualMFADeviceReply{d.Serial, stamp(d.Enabled), a.userSummary(d.user)}
}
