package views

// with is the heading with help.
func (h Heading) with(i Info) Heading {
	h.Info = i
	return h
}

var (
	guideUsers  = Link{Text: "IAM users", URL: "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_users.html"}
	guideKeys   = Link{Text: "Manage access keys for IAM users", URL: "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html"}
	guideUpdate = Link{Text: "Update access keys", URL: "https://docs.aws.amazon.com/IAM/latest/UserGuide/id-credentials-access-keys-update.html"}
	guideReport = Link{Text: "Credential reports", URL: "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html"}
)

// What the Info links say. Facts are of the IAM User Guide.
var (
	infoUsers = Info{"IAM users", []string{
		"An IAM user is an identity with long-term credentials. Find one by name, path, group, tag, key description, or by the end of an access key ID.",
		"Ages and last uses are green up to 90 days, amber up to 365, red beyond. Active key age counts from the day the key was created; deactivating and activating it does not make it younger.",
		"A dash means that there is nothing. What could not be read says so.",
	}, []Link{guideUsers, guideKeys}}
	infoAccessKeyList = Info{"Access keys", []string{
		"Every key of every user, one per row, so that the oldest or the longest unused come first with one click on a column head. A second click on another head keeps the first order within it.",
		"Beside a last use stands how old IAM's answer is. A key about which there is no answer of the last four hours is not called unused.",
		"The filters are in the address: bookmark or send it.",
	}, []Link{guideKeys, guideUpdate}}
	infoUser = Info{"IAM user", []string{
		"The summary shows the access key IDs, their status and when they were last used. The tabs below show what the user may do and which credentials there are. Keydesk changes access keys only.",
	}, []Link{guideUsers}}
	infoAccessKeys = Info{"Access keys", []string{
		"A user can have two access keys, active or inactive. To replace one: create a second key, move every application to it, see that the first is no longer used, deactivate it, wait, then delete it.",
		"Deactivating can be undone, deleting cannot. A change can take some seconds to be known everywhere.",
		"Last used is the first use in each span of 15 minutes and can show up to four hours late. Region N/A means a service that has no regions.",
	}, []Link{guideKeys, guideUpdate}}
	infoUseCase = Info{"Best practices and alternatives", []string{
		"An access key works until somebody deactivates it, for whoever holds it. Temporary credentials end by themselves: where an alternative is named, prefer it.",
	}, []Link{guideKeys}}
	infoDescription = Info{"Description tag", []string{
		"The description is a tag of the user whose key is the access key ID, as the AWS console keeps it. It counts toward the 50 tags of a user and is removed with the access key.",
	}, []Link{guideKeys}}
	infoRetrieve = Info{"Retrieve access keys", []string{
		"The secret access key is on this page and nowhere else: Keydesk keeps no copy and AWS cannot show it again. Copy it or download the .csv file before you choose Done.",
		"If it is lost, deactivate this key and create another one.",
	}, []Link{guideKeys}}
	infoReport = Info{"Credential report", []string{
		"IAM makes a report at most every four hours and keeps one. It names no access key IDs, and which key is in slot 1 or 2 says nothing about its age.",
	}, []Link{guideReport}}
	infoDashboard = Info{"IAM access key dashboard", []string{
		"Figures and charts count active access keys; each one leads to the keys it counts. Unused means that the last use, or the creation of a key never used, is longer ago.",
	}, []Link{guideUpdate}}
	infoAuditLog = Info{"Audit log", []string{
		"Before anything is changed in AWS the attempt is written down, afterwards what came of it. An attempt without an outcome may or may not have taken effect.",
		"Every event is chained to the one before it. Verify checks the chain: an event that was altered or removed breaks it.",
	}, nil}
)
