package handlers

import (
	"keydesk/iamsvc"
	"keydesk/iamsvc/paste"
	"keydesk/views"
)

// secretAdvice is what to do about each form of secret.
var secretAdvice = map[paste.SecretForm]struct{ title, noun, text string }{
	paste.SecretAccessKey: {"A secret access key was in this text", "a secret access key",
		"Treat it as leaked: find the access key ID that stands next to it where you copied it from, have that key deactivated, and another created if it is needed."},
	paste.SessionToken: {"A session token was in this text", "a session token",
		"Treat it as leaked: it works until it expires. Have the sessions of its role or user revoked."},
	paste.SMTPPassword: {"An Amazon SES SMTP password was in this text", "an Amazon SES SMTP password",
		"It is made from a secret access key and works as long as that key is active. The SMTP user name is the access key ID: have that key deactivated, and another created if it is needed."},
	paste.BedrockAPIKey: {"An Amazon Bedrock API key was in this text", "an Amazon Bedrock API key",
		"Treat it as leaked: a long-term one is a service-specific credential of an IAM user, named BedrockAPIKey-... unless somebody chose another user. Have it deactivated on the user's page in the AWS console."},
}

const notStored = "It is neither shown nor stored here, and it was not sent to IAM. "

// secretNotices say which forms of secrets were in the text, and what to do.
func secretNotices(found iamsvc.LookUpResult) (notices []views.Notice) {
	if found.Kind == iamsvc.LooksLikeSecret {
		return nil // the answer says it
	}
	for _, form := range found.Text.Secrets {
		advice := secretAdvice[form]
		notices = append(notices, views.Notice{Kind: "error", Title: advice.title, Text: notStored + advice.text})
	}
	return notices
}

// secretFinding answers a text that is nothing but a secret.
func secretFinding(f *views.Finding, forms []paste.SecretForm) {
	f.Title, f.Kind = "This looks like a secret access key", "error"
	f.Text = []string{"It is neither shown nor stored here, and it was not looked up: IAM cannot say whose a secret is."}
	for n, form := range forms {
		advice := secretAdvice[form]
		if n == 0 {
			f.Title = "This looks like " + advice.noun
		}
		f.Text = append(f.Text, advice.text)
	}
}
