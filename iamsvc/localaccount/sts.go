package localaccount

import (
	"crypto/rand"
	"net/http"
	"regexp"
	"strconv"
	"time"
)

type callerIdentityResult struct {
	Arn     string
	UserId  string
	Account string
}

func getCallerIdentity(c *call) (any, error) {
	return callerIdentityResult{c.caller.arn, c.caller.id, c.id}, nil
}

type accessKeyInfoResult struct{ Account string }

// getAccessKeyInfo reads the account out of the ID, as AWS does for any key of any account: it says nothing of
// whether such a key exists.
func getAccessKeyInfo(c *call) (any, error) {
	id, err := c.params.required(accessKeyID)
	if err != nil {
		return nil, err
	}
	if _, key := c.store.keyOwner(id); key != nil {
		return accessKeyInfoResult{c.id}, nil
	}
	account, ok := accountOfKey(id)
	if !ok {
		return nil, validationError("The access key ID %s is not valid.", id)
	}
	return accessKeyInfoResult{account}, nil
}

var rolePattern = regexp.MustCompile(`^arn:aws:iam::(\d{12}):role/(?:[!-~]+/)?([\w+=,.@-]{1,64})$`)

type assumeRoleResult struct {
	Credentials struct {
		AccessKeyId     string
		SecretAccessKey string
		SessionToken    string
		Expiration      string
	}
	AssumedRoleUser struct {
		AssumedRoleId string
		Arn           string
	}
}

// assumeRole answers for any role of the account, with the permissions of the caller: the account keeps no roles,
// and what matters to a client is that the credentials are temporary and their caller is not an IAM user.
func assumeRole(c *call) (any, error) {
	arn, err := c.params.required(roleARN)
	if err != nil {
		return nil, err
	}
	name, err := c.params.required(sessionName)
	if err != nil {
		return nil, err
	}
	seconds, err := c.sessionSeconds()
	if err != nil {
		return nil, err
	}
	role := rolePattern.FindStringSubmatch(arn)
	if role == nil {
		return nil, validationError("%s is invalid", arn)
	}
	if role[1] != c.id {
		return nil, fault(http.StatusForbidden, "AccessDenied", "User: %s is not authorized to perform: sts:AssumeRole on resource: %s", c.caller.arn, arn)
	}
	return c.newSession(role[2], name, time.Duration(seconds)*time.Second)
}

func (c *call) sessionSeconds() (int, error) {
	text := c.params.text("DurationSeconds")
	if text == "" {
		return 3600, nil
	}
	seconds, err := strconv.Atoi(text)
	if err != nil {
		return 0, fault(http.StatusBadRequest, "MalformedInput", "")
	}
	if seconds < 900 {
		return 0, constraint("durationSeconds", "Member must have value greater than or equal to 900")
	}
	if seconds > 43200 {
		return 0, constraint("durationSeconds", "Member must have value less than or equal to 43200")
	}
	return seconds, nil
}

func (c *call) newSession(role, name string, duration time.Duration) (any, error) {
	id, err := newKeyID("ASIA", c.id, rand.Reader)
	if err != nil {
		return nil, err
	}
	s := session{KeyID: id, UserName: c.caller.user.Name, UserID: c.caller.user.ID, Role: role, Name: name, Expires: c.clock().Add(duration)}
	token, err := c.master.sealSession(s)
	if err != nil {
		return nil, err
	}
	var result assumeRoleResult
	result.Credentials.AccessKeyId = id
	result.Credentials.SecretAccessKey = c.master.secret(id)
	result.Credentials.SessionToken = token
	result.Credentials.Expiration = stamp(s.Expires)
	result.AssumedRoleUser.AssumedRoleId = c.roleID(role) + ":" + name
	result.AssumedRoleUser.Arn = c.sessionARN(role, name)
	return result, nil
}
