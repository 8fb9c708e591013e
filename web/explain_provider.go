package web

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"keydesk/web/auth"
)

// refusals says what the error codes of identity providers mean for the person; what it
// does not name is a fault of the set-up.
var refusals = map[string]string{
	"access_denied": "You cancelled there, or the provider does not allow you to use Keydesk. " +
		"Try again; if it goes on, ask the people who run the identity provider.",
	"login_required":             "You have to sign in there first. Try again.",
	"interaction_required":       "It has to ask you something first. Try again.",
	"account_selection_required": "You have to choose an account there. Try again.",
	"consent_required": "You, or an administrator of the provider, have to agree that Keydesk learns who you are. " +
		"Try again; if it goes on, ask the people who run the identity provider.",
	"server_error":            "It has a problem of its own. Try again in a minute.",
	"temporarily_unavailable": "It is overloaded or being maintained. Try again in a minute.",
}

// explainProvider adds what the identity provider has sent in place of a person with a
// role.
func explainProvider(err error, say *answer) {
	var refused *auth.ProviderError
	var noRole *auth.NoRoleError
	switch {
	case errors.As(err, &refused):
		say.title = "The identity provider refused the sign-in"
		code := refused.Code
		if code == "" {
			code = "without a reason that can be shown"
		}
		why, known := refusals[refused.Code]
		if !known {
			why = "Keydesk and the provider are probably not set up for each other. The people who run Keydesk find the provider's words in the log."
		}
		if refused.Code == "server_error" || refused.Code == "temporarily_unavailable" {
			say.status = http.StatusServiceUnavailable
		}
		say.text = fmt.Sprintf("It answered: %s. %s You are not signed in by it, and nothing was changed.", code, why)
	case errors.As(err, &noRole):
		say.text = "The identity provider knows you, but you have no role here. " + whyNoRole(noRole)
	}
}

func whyNoRole(e *auth.NoRoleError) string {
	switch {
	case e.Fault == auth.GroupsOverage:
		return fmt.Sprintf("You are in too many groups for it to list them: it names another place for the claim %q (_claim_names). "+
			"The people who run the provider can have it send only the groups that are assigned to Keydesk.", e.Claim)
	case e.Fault == auth.GroupsMissing:
		return fmt.Sprintf("It sent no claim %q, which should list your groups. It sent: %s. "+
			"Ask the people who run Keydesk or the provider.", e.Claim, strings.Join(e.Claims, ", "))
	case e.Fault == auth.GroupsNotAList:
		return fmt.Sprintf("It sent the claim %q, which should list your groups, but not as a list of names. "+
			"Ask the people who run Keydesk or the provider.", e.Claim)
	case len(e.Groups) == 0:
		return "It says that you are in no group. Ask the people who run Keydesk which group you need."
	}
	list := strings.Join(e.Groups, ", ")
	if e.More > 0 {
		list += fmt.Sprintf(" and %d more", e.More)
	}
	return "None of your groups has one: " + list + ". Ask the people who run Keydesk which group you need."
}
