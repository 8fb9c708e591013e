package localaccount

// service is one of the two services that share the handler; its value is the name in a signature's scope.
type service string

const (
	iamService service = "iam"
	stsService service = "sts"
)

func (s service) namespace() string {
	if s == stsService {
		return "https://sts.amazonaws.com/doc/" + s.version() + "/"
	}
	return "https://iam.amazonaws.com/doc/" + s.version() + "/"
}

func (s service) version() string {
	if s == stsService {
		return "2011-06-15"
	}
	return "2010-05-08"
}

// serviceOf tells the service a request is meant for by the API version it names.
func serviceOf(version string) service {
	if version == stsService.version() {
		return stsService
	}
	return iamService
}

// scope says what an action is about, which decides the resource a permission is asked for and whether the request
// must name a user.
type scope int

const (
	aboutAccount      scope = iota // no resource of its own: *
	aboutUsers                     // the users of the account, without naming one
	aboutNewUser                   // UserName, of a user that is not there yet
	aboutUser                      // UserName is required
	aboutUserOrCaller              // without UserName it is the user that signed
	aboutKey                       // AccessKeyId
	aboutCaller                    // needs no permission and cannot be denied
)

type operation struct {
	service service
	scope   scope
	run     func(*call) (any, error)
}

// operations is every action the account knows; anything else is an InvalidAction.
var operations = map[string]operation{
	"CreateUser":                     {iamService, aboutNewUser, createUser},
	"GetUser":                        {iamService, aboutUserOrCaller, getUser},
	"ListUsers":                      {iamService, aboutUsers, listUsers},
	"DeleteUser":                     {iamService, aboutUser, deleteUser},
	"PutUserPolicy":                  {iamService, aboutUser, putUserPolicy},
	"GetUserPolicy":                  {iamService, aboutUser, getUserPolicy},
	"ListUserPolicies":               {iamService, aboutUser, listUserPolicies},
	"DeleteUserPolicy":               {iamService, aboutUser, deleteUserPolicy},
	"ListAttachedUserPolicies":       {iamService, aboutUser, listAttachedUserPolicies},
	"CreateAccessKey":                {iamService, aboutUserOrCaller, createAccessKey},
	"ListAccessKeys":                 {iamService, aboutUserOrCaller, listAccessKeys},
	"GetAccessKeyLastUsed":           {iamService, aboutKey, getAccessKeyLastUsed},
	"UpdateAccessKey":                {iamService, aboutUserOrCaller, updateAccessKey},
	"DeleteAccessKey":                {iamService, aboutUserOrCaller, deleteAccessKey},
	"TagUser":                        {iamService, aboutUser, tagUser},
	"UntagUser":                      {iamService, aboutUser, untagUser},
	"ListUserTags":                   {iamService, aboutUser, listUserTags},
	"ListGroupsForUser":              {iamService, aboutUser, listGroupsForUser},
	"ListMFADevices":                 {iamService, aboutUserOrCaller, listMFADevices},
	"ListVirtualMFADevices":          {iamService, aboutAccount, listVirtualMFADevices},
	"GetLoginProfile":                {iamService, aboutUserOrCaller, getLoginProfile},
	"ListSSHPublicKeys":              {iamService, aboutUserOrCaller, listSSHPublicKeys},
	"ListSigningCertificates":        {iamService, aboutUserOrCaller, listSigningCertificates},
	"ListServiceSpecificCredentials": {iamService, aboutUserOrCaller, listServiceSpecificCredentials},
	"GenerateCredentialReport":       {iamService, aboutAccount, generateCredentialReport},
	"GetCredentialReport":            {iamService, aboutAccount, getCredentialReport},
	"GetAccountSummary":              {iamService, aboutAccount, getAccountSummary},
	"GetAccountAuthorizationDetails": {iamService, aboutAccount, getAccountAuthorizationDetails},
	"ListAccountAliases":             {iamService, aboutAccount, listAccountAliases},
	"GetCallerIdentity":              {stsService, aboutCaller, getCallerIdentity},
	"GetAccessKeyInfo":               {stsService, aboutAccount, getAccessKeyInfo},
	"AssumeRole":                     {stsService, aboutAccount, assumeRole},
}
