package localaccount

import "time"

// caller is who signed a request.
type caller struct {
	user  *user // whose permissions count
	keyID string
	role  string // set for temporary credentials: then the caller is not an IAM user
	arn   string
	id    string
}

// call is one authenticated request on its way through an action.
type call struct {
	*Account
	operation
	action   string
	params   params
	caller   caller
	userName string // the user the action is about; "" when it is about none
}

// resolve finds the user the request is about. It comes before the permission is asked for, as on AWS: a malformed
// name is told as such even to a caller who may do nothing.
func (c *call) resolve() (err error) {
	switch c.scope {
	case aboutNewUser:
		c.userName, err = c.params.required(newUserName)
	case aboutUser:
		c.userName, err = c.params.required(someUserName)
	case aboutUserOrCaller:
		c.userName, err = c.userOrCaller()
	}
	return err
}

func (c *call) userOrCaller() (string, error) {
	name, present, err := c.params.optional(someUserName)
	if err != nil || present {
		return name, err
	}
	if c.params.text("AllUsers") == "true" {
		return "", nil // a parameter of ListServiceSpecificCredentials, which then speaks of no single user
	}
	if c.caller.role != "" {
		return "", validationError("Must specify userName when calling with non-User credentials")
	}
	return c.caller.user.Name, nil
}

// target is the resource a permission is asked for, as an ARN and as AWS's messages name it.
func (c *call) target() (arn, named string) {
	switch c.scope {
	case aboutUsers:
		arn = c.arn("user/")
		return arn, arn
	case aboutNewUser:
		path := c.params.text("Path")
		if path == "" {
			path = "/"
		}
		arn = c.arn("user" + path + c.userName)
		return arn, arn
	case aboutUser, aboutUserOrCaller:
		if c.userName == "" {
			break
		}
		if u := c.store.roster().find(c.userName); u != nil {
			return c.arn(u.resource()), "user " + u.Name
		}
		return c.arn("user/" + c.userName), "user " + c.userName
	case aboutKey:
		if u, _ := c.store.keyOwner(c.params.text("AccessKeyId")); u != nil {
			arn = c.arn(u.resource())
		} else {
			arn = c.arn("user/*")
		}
		return arn, arn
	}
	return "*", "*"
}

// users is what the action's reads see: the account as it is, or as it was a moment ago where a test wants that.
func (c *call) users() roster {
	if lag := c.trouble.lag(c.action); lag > 0 {
		return c.store.rosterBefore(lag)
	}
	return c.store.roster()
}

func (c *call) user() (*user, error) {
	u := c.users().find(c.userName)
	if u == nil {
		return nil, noSuchUser(c.userName)
	}
	return u, nil
}

// change changes the user the action is about; it is on disk before the reply goes out.
func (c *call) change(apply func(*user) error) (*user, error) {
	return c.store.change(c.userName, c.write(), apply)
}

func (c *call) write() write { return write{history: c.trouble.history()} }

// clock is the account's time in whole seconds, which is all that IAM keeps.
func (a *Account) clock() time.Time { return a.now().UTC().Truncate(time.Second) }

func (a *Account) arn(resource string) string { return "arn:aws:iam::" + a.id + ":" + resource }
