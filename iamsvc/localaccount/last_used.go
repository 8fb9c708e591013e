package localaccount

import (
	"net/http"
	"time"
)

// useInterval is the span in which IAM records only the first use of a key (IAM User Guide, credential report).
const useInterval = 15 * time.Minute

// region and service as replies and reports write them; a used key may have no region either.
func (u usage) region() string  { return orNotAvailable(u.Region) }
func (u usage) service() string { return orNotAvailable(u.Service) }

func orNotAvailable(text string) string {
	if text == "" {
		return "N/A"
	}
	return text
}

// recordUse notes that a key signed a request, whatever becomes of the request. The note is written but not forced to
// disk, and a failure to write it loses a date and not the request: reads do not depend on the disk.
func (a *Account) recordUse(s signature) {
	now := a.clock()
	u, key := a.store.keyOwner(s.keyID)
	if key == nil || now.Sub(key.LastUsed.At) < useInterval {
		return
	}
	_, _ = a.store.change(u.Name, write{relaxed: true, history: a.trouble.history()}, func(u *user) error {
		key := u.accessKey(s.keyID)
		if key == nil {
			return noSuchKey(s.keyID)
		}
		wall := time.Now()
		key.Before, key.Shown = key.reported(wall), wall.Add(a.trouble.useLag())
		key.LastUsed = usage{At: now, Region: s.region, Service: s.service}
		return nil
	})
}

type lastUsedResult struct {
	UserName          string
	AccessKeyLastUsed struct {
		LastUsedDate string `xml:",omitempty"`
		ServiceName  string
		Region       string
	}
}

// getAccessKeyLastUsed answers for a key the account does not have as AWS does: not NoSuchEntity, but an AccessDenied
// that even an administrator gets, and that must not give away whether the key exists elsewhere.
func getAccessKeyLastUsed(c *call) (any, error) {
	id, err := c.params.required(accessKeyID)
	if err != nil {
		return nil, err
	}
	u, key := c.store.keyOwner(id)
	if key == nil {
		return nil, fault(http.StatusForbidden, "AccessDenied",
			"User: %s is not authorized to perform iam:GetAccessKeyLastUsed on resource: access key %s", c.caller.arn, id)
	}
	use := key.reported(time.Now())
	result := lastUsedResult{UserName: u.Name}
	result.AccessKeyLastUsed.LastUsedDate = stamp(use.At)
	result.AccessKeyLastUsed.ServiceName = use.service()
	result.AccessKeyLastUsed.Region = use.region()
	return result, nil
}
