package web

import (
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/klauspost/compress/gzhttp"

	"keydesk/handlers"
	"keydesk/static"
	"keydesk/web/auth"
)

// route is one row of the route table. A route without a permission is refused
// by a test unless it is public.
type route struct {
	method, pattern string
	permission      auth.Permission
	handler         handlers.Func
}

// public are the routes for people who are not signed in (yet).
func (s *site) public() []route {
	signIn := handlers.SignIn{Base: s.base, LocalAccounts: s.LocalAccounts, FirstRun: s.FirstRun}
	return []route{
		{"GET", "/sign-in", "", signIn.Form},
		{"POST", "/sign-in", "", signIn.Submit},
		{"POST", "/sign-out", "", signIn.SignOut},
		{"GET", "/first-run/{token}", "", signIn.FirstRunForm},
		{"POST", "/first-run/{token}", "", signIn.FirstRunSubmit},
		{"GET", "/healthz", "", s.healthz},
		{"GET", "/readyz", "", s.readyz},
	}
}

// routes is the route table: every page and action, and who may use it.
func (s *site) routes() []route {
	home := handlers.Home{Base: s.base}
	search := handlers.Search{Base: s.base}
	users := handlers.Users{Base: s.base}
	keys := handlers.AccessKeys{Base: s.base}
	own := handlers.OwnAccessKeys{Base: s.base}
	report := handlers.CredentialReport{Base: s.base}
	journal := handlers.AuditLog{Base: s.base}
	people := handlers.LocalAccounts{Base: s.base, LocalAccounts: s.LocalAccounts}
	settings := handlers.Settings{Base: s.base}
	sessions := handlers.MySessions{Base: s.base}

	const account = "/accounts/{account}"
	const user = account + "/users/{user}"
	const key = user + "/access-keys/{key}"
	return []route{
		{"GET", "/", auth.UsePreferences, home.Redirect},
		{"GET", "/search", auth.LookUpAccessKeys, search.Form},
		{"POST", "/search", auth.LookUpAccessKeys, search.Answer},

		{"GET", account + "/dashboard", auth.ViewUsers, home.Dashboard},
		{"GET", account + "/users", auth.ViewUsers, users.List},
		{"POST", account + "/users/refresh", auth.ViewUsers, users.Refresh},
		{"GET", account + "/users/preferences", auth.UsePreferences, users.PreferencesForm},
		{"POST", account + "/users/preferences", auth.UsePreferences, users.SavePreferences},
		{"GET", account + "/create-user", auth.CreateUsers, users.CreateForm},
		{"POST", account + "/create-user", auth.CreateUsers, users.Create},
		{"GET", user, auth.ViewUsers, users.SecurityCredentials},
		{"GET", user + "/permissions", auth.ViewUsers, users.Permissions},
		{"GET", user + "/groups", auth.ViewUsers, users.Groups},
		{"GET", user + "/tags", auth.ViewUsers, users.Tags},
		{"GET", user + "/activity", auth.ViewUsers, users.Activity},

		{"GET", account + "/access-keys", auth.ViewUsers, keys.List},
		{"GET", user + "/access-keys/create", auth.CreateAccessKeys, keys.CreateForm},
		{"POST", user + "/access-keys/create", auth.CreateAccessKeys, keys.CreateStep},
		{"POST", user + "/access-keys", auth.CreateAccessKeys, keys.Create},
		{"POST", user + "/access-keys/done", auth.CreateAccessKeys, keys.Done},
		{"GET", key + "/activate", auth.UpdateAccessKeys, keys.ActivateForm},
		{"POST", key + "/activate", auth.UpdateAccessKeys, keys.Activate},
		{"GET", key + "/deactivate", auth.UpdateAccessKeys, keys.DeactivateForm},
		{"POST", key + "/deactivate", auth.UpdateAccessKeys, keys.Deactivate},
		{"GET", key + "/delete", auth.DeleteAccessKeys, keys.DeleteForm},
		{"POST", key + "/delete", auth.DeleteAccessKeys, keys.Delete},
		{"GET", key + "/description", auth.DescribeAccessKeys, keys.DescriptionForm},
		{"POST", key + "/description", auth.DescribeAccessKeys, keys.Describe},

		{"GET", account + "/my-security-credentials", auth.ViewOwnCredentials, own.Show},
		{"POST", account + "/my-security-credentials/{key}/activate", auth.ManageOwnCredentials, own.Activate},
		{"GET", account + "/my-security-credentials/{key}/deactivate", auth.ManageOwnCredentials, own.DeactivateForm},
		{"POST", account + "/my-security-credentials/{key}/deactivate", auth.ManageOwnCredentials, own.Deactivate},
		{"GET", account + "/my-security-credentials/{key}/delete", auth.ManageOwnCredentials, own.DeleteForm},
		{"POST", account + "/my-security-credentials/{key}/delete", auth.ManageOwnCredentials, own.Delete},

		{"GET", account + "/credential-report", auth.ViewCredentialReport, report.Show},
		{"POST", account + "/credential-report", auth.GenerateCredentialReport, report.Generate},
		{"GET", account + "/credential-report.csv", auth.ViewCredentialReport, report.Download},

		{"GET", "/audit-log", auth.ViewAuditLog, journal.List},
		{"GET", "/audit-log.csv", auth.ViewAuditLog, journal.Download},
		{"GET", "/audit-log/{seq}", auth.ViewAuditLog, journal.Show},

		{"GET", "/local-accounts", auth.ManageLocalAccounts, people.List},
		{"POST", "/local-accounts", auth.ManageLocalAccounts, people.Create},
		{"GET", "/local-accounts/{id}", auth.ManageLocalAccounts, people.Show},
		{"POST", "/local-accounts/{id}/role", auth.ManageLocalAccounts, people.SetRole},
		{"POST", "/local-accounts/{id}/disabled", auth.ManageLocalAccounts, people.SetDisabled},
		{"POST", "/local-accounts/{id}/password", auth.ManageLocalAccounts, people.ResetPassword},
		{"POST", "/local-accounts/{id}/end-sessions", auth.ManageLocalAccounts, people.EndSessions},

		{"GET", "/settings", auth.UsePreferences, settings.Show},
		{"POST", "/settings", auth.UsePreferences, settings.Save},
		{"POST", "/settings/password", auth.UsePreferences, people.ChangeOwnPassword},
		{"GET", "/my-sessions", auth.UsePreferences, sessions.List},
		{"POST", "/my-sessions/end", auth.UsePreferences, sessions.End},
	}
}

// Route is a row of the route table as others may see it.
type Route struct {
	Method, Pattern string
	Permission      auth.Permission // "" for the public routes
}

// Routes lists every page and action, for tests and documentation.
func Routes() []Route {
	s := &site{}
	var list []Route
	for _, r := range append(s.public(), s.routes()...) {
		list = append(list, Route{Method: r.method, Pattern: r.pattern, Permission: r.permission})
	}
	return list
}

// handler puts the middleware around the routes. Read it from
// the bottom up: the last line is the first to see a request.
func (s *site) handler() http.Handler {
	r := chi.NewRouter()
	for _, rt := range s.public() {
		r.MethodFunc(rt.method, rt.pattern, s.run(rt.handler))
	}
	for _, rt := range s.routes() {
		r.MethodFunc(rt.method, rt.pattern, s.guard(rt.permission, rt.handler))
	}
	r.NotFound(s.run(func(http.ResponseWriter, *http.Request) error { return handlers.ErrNotFound }))
	r.MethodNotAllowed(s.run(func(http.ResponseWriter, *http.Request) error { return errMethodNotAllowed }))

	crossOrigin := http.NewCrossOriginProtection()
	crossOrigin.SetDenyHandler(s.run(func(http.ResponseWriter, *http.Request) error { return errCrossOrigin }))

	var h http.Handler = r
	h = s.withUser(h)          // who asks: after the body limit, before any permission
	h = crossOrigin.Handler(h) // before the session is read: a forged form is nobody's
	h = s.withBodyLimit(h)     // before anything reads a form
	h = compressed(h)          // outside error pages too; pages with secrets opt out
	h = s.withRecover(h)       // inside the log, so that a panic's 500 is logged
	h = withStatic(h)          // assets need no session and no compression at run time
	h = s.withAccessLog(h)
	h = withRequestID(h)
	return s.withSecurityHeaders(h) // outermost: every response carries them
}

// compressed gzips pages with random padding against BREACH. The sign-in page
// and the page with a new secret set gzhttp.HeaderNoCompression.
func compressed(h http.Handler) http.Handler {
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(1024), gzhttp.RandomJitter(32, 0, false), gzhttp.EnableZstd(false))
	if err != nil {
		panic(err) // the options above are constants
	}
	return wrap(h)
}

func withStatic(next http.Handler) http.Handler {
	assets := static.Handler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/static/") {
			assets.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}
