package iamsvc

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"keydesk/iamsvc/paste"
)

// Identity is what Keydesk calls IAM as.
type Identity struct {
	Account     string
	Alias       string // "" when there is none, or it may not be read
	Partition   string // aws, aws-cn, aws-us-gov ...
	ARN         string
	UserName    string // "" when not an IAM user (a role, the root user)
	AccessKeyID string // at start; credentials of a role change
	IsRoot      bool
	Warnings    []string // sentences about what could not be found out
}

// rootUserName is how the credential report, and with it the journal, names
// the account's root user. No IAM user can have this name.
const rootUserName = "<root_account>"

// whoAmI asks STS, else takes the ARN of a user that IAM itself returns:
// servers with an IAM API often have no STS. An access key belongs to one
// identity for ever: with the key of an earlier start nobody is asked.
func (a *Account) whoAmI(ctx context.Context, before Identity) (Identity, error) {
	var keyID string
	if a.creds != nil {
		c, err := a.creds.Retrieve(ctx)
		if err != nil {
			return Identity{}, classify("GetCallerIdentity", err)
		}
		keyID = c.AccessKeyID
	}
	if keyID != "" && keyID == before.AccessKeyID && !paste.IsTemporary(keyID) {
		return before, nil
	}
	id, err := a.callerIdentity(ctx)
	if err != nil {
		// Not at once for ErrCredentials either: a server without STS may
		// find that a signature for it does not match.
		id, err = a.identityFromIAM(ctx, err)
	}
	if err != nil {
		return Identity{}, err
	}
	id.AccessKeyID, id.Alias = keyID, a.alias(ctx)
	return id, nil
}

// checkIdentity looks, after a start that asked nobody, whether the account
// got another alias, and whether a server other than AWS was made anew under
// its old name.
func (a *Account) checkIdentity(ctx context.Context) {
	id, err := a.callerIdentity(ctx)
	if err != nil {
		return // whatever it is, the first reading will meet it too
	}
	now := a.Identity()
	if id.Account != now.Account {
		a.log.Error("these credentials belong to another account than at the last start; start Keydesk anew", "account", now.Account, "now", id.Account)
		return
	}
	now.Alias = a.alias(ctx)
	a.identity.Store(&now)
}

func (a *Account) callerIdentity(ctx context.Context) (Identity, error) {
	out, err := call(ctx, a.interactive, a.interactive.sts.GetCallerIdentity, &sts.GetCallerIdentityInput{})
	if err != nil {
		return Identity{}, err
	}
	id := identityFromARN(aws.ToString(out.Arn))
	if account := aws.ToString(out.Account); account != "" {
		id.Account = account
	}
	if id.Account == "" {
		return Identity{}, &CallError{Operation: "GetCallerIdentity", Kind: ErrUnsupported}
	}
	return id, nil
}

// identityFromIAM is told why STS could not answer.
func (a *Account) identityFromIAM(ctx context.Context, why error) (Identity, error) {
	warning := "STS did not say who Keydesk is (" + ErrorCode(why) + ")."
	out, err := call(ctx, a.interactive, a.interactive.iam.GetUser, &iam.GetUserInput{})
	if err == nil && out.User != nil {
		if id := identityFromARN(aws.ToString(out.User.Arn)); id.Account != "" {
			id.UserName = aws.ToString(out.User.UserName)
			id.Warnings = []string{warning}
			return id, nil
		}
	}
	users, err := call(ctx, a.interactive, a.interactive.iam.ListUsers, &iam.ListUsersInput{})
	if err != nil {
		return Identity{}, err
	}
	id := Identity{Account: "unknown", Partition: "aws"}
	for _, u := range users.Users {
		if of := identityFromARN(aws.ToString(u.Arn)); of.Account != "" {
			id.Account, id.Partition = of.Account, of.Partition
			break
		}
	}
	id.Warnings = []string{warning, "The account ID is taken from the users' ARNs; Keydesk does not know which identity it runs as."}
	return id, nil
}

// identityFromARN reads arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE.
func identityFromARN(arn string) Identity {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" {
		return Identity{ARN: arn, Partition: "aws"}
	}
	id := Identity{ARN: arn, Partition: parts[1], Account: parts[4], IsRoot: parts[5] == "root"}
	if kind, rest, ok := strings.Cut(parts[5], "/"); ok && kind == "user" {
		id.UserName = rest[strings.LastIndex(rest, "/")+1:]
	}
	return id
}

func (a *Account) alias(ctx context.Context) string {
	out, err := call(ctx, a.interactive, a.interactive.iam.ListAccountAliases, &iam.ListAccountAliasesInput{})
	if err != nil || len(out.AccountAliases) == 0 {
		return ""
	}
	return out.AccountAliases[0]
}

// ownUserName is what the journal calls the identity Keydesk runs as.
func (a *Account) ownUserName() string {
	switch {
	case a.Identity().UserName != "":
		return a.Identity().UserName
	case a.Identity().IsRoot:
		return rootUserName
	}
	return a.Identity().ARN
}

// keyInUse reports whether Keydesk signs its calls with this key. It asks the
// credentials each time: they may have been replaced since the start.
func (a *Account) keyInUse(ctx context.Context, keyID string) bool {
	if a.creds == nil {
		return keyID == a.Identity().AccessKeyID
	}
	c, err := a.creds.Retrieve(ctx)
	if err != nil {
		return keyID == a.Identity().AccessKeyID
	}
	return keyID == c.AccessKeyID
}
