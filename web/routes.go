package web

import (
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
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
	proof           proof
	handler         handlers.Func
}

// proof is how lately a person must have proved who they are.
type proof bool

const (
	live  proof = false // a session that has not ended is enough
	fresh proof = true  // within -fresh-sign-in: what is done cannot be taken back
)

// public are the routes for people who are not signed in (yet).
func (s *site) public() []route {
	signIn := s.signIn()
	return []route{
		{"GET", "/sign-in", "", live, signIn.Form},
		{"POST", "/sign-in", "", live, signIn.Submit},
		{"GET", "/sign-in/code", "", live, signIn.CodeForm},
		{"POST", "/sign-in/code", "", live, signIn.CodeSubmit},
		{"GET", "/sign-in/oidc", "", live, signIn.ToProvider},
		{"POST", "/sign-in/oidc", "", live, signIn.FormToProvider},
		{"GET", "/sign-in/oidc/callback", "", live, signIn.FromProvider},
		{"POST", "/sign-in/oidc/logout", "", live, signIn.ProviderLogout},
		{"POST", "/sign-out", "", live, signIn.SignOut},
		{"GET", "/first-run/{token}", "", live, signIn.FirstRunForm},
		{"POST", "/first-run/{token}", "", live, signIn.FirstRunSubmit},
		{"GET", "/healthz", "", live, s.healthz},
		{"GET", "/readyz", "", live, s.readyz},
	}
}

func (s *site) signIn() handlers.SignIn {
	return handlers.SignIn{Base: s.base, LocalAccounts: s.LocalAccounts, Codes: s.Codes, OIDC: s.OIDC, FirstRun: s.FirstRun}
}

// routes is the route table: every page and action, and who may use it.
func (s *site) routes() []route {
	home := handlers.Home{Base: s.base}
	search := handlers.Search{Base: s.base}
	users := handlers.NewUsers(s.base)
	keys := handlers.NewAccessKeys(s.base)
	inventory := handlers.Inventory{Base: s.base, Streams: &handlers.Streams{}, StillAllowed: s.stillAllowed, Stopping: stopping}
	own := handlers.OwnAccessKeys{Base: s.base}
	report := handlers.CredentialReport{Base: s.base}
	journal := handlers.AuditLog{Base: s.base}
	people := handlers.LocalAccounts{Base: s.base, LocalAccounts: s.LocalAccounts, Codes: s.Codes, OIDC: s.OIDC}
	federated := handlers.FederatedAccounts{Base: s.base, OIDC: s.OIDC}
	codes := handlers.Codes{Base: s.base, Codes: s.Codes}
	signIn := s.signIn()
	settings := handlers.Settings{Base: s.base}
	sessions := handlers.MySessions{Base: s.base}

	const account = "/accounts/{account}"
	const user = account + "/users/{user}"
	const key = user + "/access-keys/{key}"
	return []route{
		{"GET", "/", auth.UsePreferences, live, home.Redirect},
		{"GET", "/search", auth.LookUpAccessKeys, live, search.Form},
		{"POST", "/search", auth.LookUpAccessKeys, live, search.Answer},
		{"POST", "/search.csv", auth.LookUpAccessKeys, live, search.DownloadCSV},
		{"GET", "/search/links/{look-up}", auth.LookUpAccessKeys, live, search.Linked},

		{"GET", account + "/dashboard", auth.ViewUsers, live, home.Dashboard},
		{"GET", account + "/users", auth.ViewUsers, live, users.List},
		{"GET", account + "/users.csv", auth.ViewUsers, live, users.DownloadCSV},
		{"GET", account + "/users.json", auth.ViewUsers, live, users.DownloadJSON},
		{"POST", account + "/users/refresh", auth.ViewUsers, live, users.Refresh},
		{"POST", account + "/inventory/read-again", auth.ViewUsers, live, users.ReadAgain},
		{"GET", account + "/users/preferences", auth.UsePreferences, live, users.PreferencesForm},
		{"POST", account + "/users/preferences", auth.UsePreferences, live, users.SavePreferences},
		{"GET", account + "/create-user", auth.CreateUsers, live, users.CreateForm},
		{"POST", account + "/create-user", auth.CreateUsers, fresh, users.Create},
		{"GET", user, auth.ViewUsers, live, users.SecurityCredentials},
		{"GET", user + "/permissions", auth.ViewUsers, live, users.Permissions},
		{"GET", user + "/groups", auth.ViewUsers, live, users.Groups},
		{"GET", user + "/tags", auth.ViewUsers, live, users.Tags},
		{"GET", user + "/activity", auth.ViewUsers, live, users.Activity},

		{"GET", account + "/access-keys", auth.ViewUsers, live, keys.List},
		{"GET", account + "/access-keys.csv", auth.ViewUsers, live, keys.DownloadCSV},
		{"GET", account + "/access-keys.json", auth.ViewUsers, live, keys.DownloadJSON},
		{"GET", account + "/inventory/progress", auth.ViewUsers, live, inventory.Progress},
		{"POST", account + "/inventory/pause", auth.GenerateCredentialReport, live, inventory.Pause},
		{"POST", account + "/inventory/resume", auth.GenerateCredentialReport, live, inventory.Resume},
		{"GET", account + "/unsaved-keys", auth.ViewUsers, live, keys.Unsaved},
		{"GET", user + "/access-keys/create", auth.CreateAccessKeys, live, keys.CreateForm},
		{"POST", user + "/access-keys/create", auth.CreateAccessKeys, live, keys.CreateStep},
		{"POST", user + "/access-keys", auth.CreateAccessKeys, fresh, keys.Create},
		{"POST", user + "/access-keys/done", auth.CreateAccessKeys, live, keys.Done},
		{"GET", key + "/activate", auth.UpdateAccessKeys, live, keys.ActivateForm},
		{"POST", key + "/activate", auth.UpdateAccessKeys, fresh, keys.Activate},
		{"GET", key + "/deactivate", auth.UpdateAccessKeys, live, keys.DeactivateForm},
		{"POST", key + "/deactivate", auth.UpdateAccessKeys, live, keys.Deactivate},
		{"GET", key + "/delete", auth.DeleteAccessKeys, live, keys.DeleteForm},
		{"POST", key + "/delete", auth.DeleteAccessKeys, fresh, keys.Delete},
		{"GET", key + "/description", auth.DescribeAccessKeys, live, keys.DescriptionForm},
		{"POST", key + "/description", auth.DescribeAccessKeys, live, keys.Describe},

		{"GET", account + "/my-security-credentials", auth.ViewOwnCredentials, live, own.Show},
		{"GET", account + "/my-security-credentials/{key}/activate", auth.ManageOwnCredentials, live, own.ActivateForm},
		{"POST", account + "/my-security-credentials/{key}/activate", auth.ManageOwnCredentials, fresh, own.Activate},
		{"GET", account + "/my-security-credentials/{key}/deactivate", auth.ManageOwnCredentials, live, own.DeactivateForm},
		{"POST", account + "/my-security-credentials/{key}/deactivate", auth.ManageOwnCredentials, live, own.Deactivate},
		{"GET", account + "/my-security-credentials/{key}/delete", auth.ManageOwnCredentials, live, own.DeleteForm},
		{"POST", account + "/my-security-credentials/{key}/delete", auth.ManageOwnCredentials, fresh, own.Delete},

		{"GET", account + "/credential-report", auth.ViewCredentialReport, live, report.Show},
		{"POST", account + "/credential-report", auth.GenerateCredentialReport, live, report.Generate},
		{"GET", account + "/credential-report.csv", auth.ViewCredentialReport, live, report.Download},

		{"GET", "/audit-log", auth.ViewAuditLog, live, journal.List},
		{"GET", "/audit-log.csv", auth.ViewAuditLog, live, journal.DownloadCSV},
		{"GET", "/audit-log.jsonl", auth.ViewAuditLog, live, journal.DownloadJSONL},
		{"GET", "/audit-log/{seq}", auth.ViewAuditLog, live, journal.Show},

		{"GET", "/local-accounts", auth.ManageLocalAccounts, live, people.List},
		{"POST", "/local-accounts", auth.ManageLocalAccounts, fresh, people.Create},
		{"GET", "/local-accounts/{id}", auth.ManageLocalAccounts, live, people.Show},
		{"POST", "/local-accounts/{id}/role", auth.ManageLocalAccounts, fresh, people.SetRole},
		{"POST", "/local-accounts/{id}/disabled", auth.ManageLocalAccounts, fresh, people.SetDisabled},
		{"POST", "/local-accounts/{id}/password", auth.ManageLocalAccounts, fresh, people.ResetPassword},
		{"POST", "/local-accounts/{id}/end-sessions", auth.ManageLocalAccounts, fresh, people.EndSessions},
		{"POST", "/local-accounts/{id}/codes", auth.ManageLocalAccounts, fresh, people.ResetCodes},
		{"GET", "/federated-accounts/{id}", auth.ManageLocalAccounts, live, federated.Show},
		{"POST", "/federated-accounts/{id}/disabled", auth.ManageLocalAccounts, fresh, federated.SetDisabled},
		{"POST", "/federated-accounts/{id}/end-sessions", auth.ManageLocalAccounts, fresh, federated.EndSessions},

		{"GET", "/confirm/oidc", auth.UsePreferences, live, signIn.ConfirmAtProvider},

		{"GET", "/settings", auth.UsePreferences, live, settings.Show},
		{"POST", "/settings", auth.UsePreferences, live, settings.Save},
		{"POST", "/settings/password", auth.UsePreferences, live, people.ChangeOwnPassword},
		{"GET", "/settings/codes", auth.UsePreferences, live, codes.Show},
		{"POST", "/settings/codes", auth.UsePreferences, fresh, codes.Begin},
		{"POST", "/settings/codes/confirm", auth.UsePreferences, fresh, codes.Confirm},
		{"POST", "/settings/codes/off", auth.UsePreferences, fresh, codes.TurnOff},
		{"GET", "/my-sessions", auth.UsePreferences, live, sessions.List},
		{"POST", "/my-sessions/end", auth.UsePreferences, live, sessions.End},
	}
}

// Route is a row of the route table as others may see it.
type Route struct {
	Method, Pattern string
	Permission      auth.Permission // "" for the public routes
	Fresh           bool            // a fresh sign-in is needed
}

// Routes lists every page and action, for tests and documentation.
func Routes() []Route {
	s := &site{}
	var list []Route
	for _, r := range append(s.public(), s.routes()...) {
		list = append(list, Route{Method: r.method, Pattern: r.pattern, Permission: r.permission, Fresh: bool(r.proof)})
	}
	return list
}

// handler puts the middleware around the routes. Read it from
// the bottom up: the last line is the first to see a request.
func (s *site) handler() http.Handler {
	r := chi.NewRouter()
	r.Use(middleware.GetHead) // monitors and link checkers ask with HEAD
	s.router = r
	for _, rt := range s.public() {
		r.MethodFunc(rt.method, rt.pattern, s.run(rt.handler))
	}
	s.table = s.routes()
	for _, rt := range s.table {
		r.MethodFunc(rt.method, rt.pattern, s.guard(rt))
	}
	r.NotFound(s.run(func(http.ResponseWriter, *http.Request) error { return handlers.ErrNotFound }))
	r.MethodNotAllowed(s.run(s.methodNotAllowed))

	crossOrigin := http.NewCrossOriginProtection()
	crossOrigin.SetDenyHandler(s.run(func(http.ResponseWriter, *http.Request) error { return errCrossOrigin }))

	var h http.Handler = r
	h = s.withUser(h)            // who asks: after the body limit, before any permission
	h = crossOrigin.Handler(h)   // before the session is read: a forged form is nobody's
	h = s.withBodyLimit(h)       // before anything reads a form
	h = compressed(h)            // outside error pages too; pages with secrets opt out
	h = s.withRecover(h)         // inside the log, so that a panic's 500 is logged
	h = s.withProxyOnly(h)       // before anything can be asked for or sent
	h = s.withKnownHost(h)       // before an answer can be read by another site
	h = withStatic(h)            // assets need no session and no compression at run time
	h = s.withAccessLog(h)       // and a name for the request
	h = s.withSecurityHeaders(h) // every response carries them
	return s.withForwarded(h)    // outermost: who asks, for everything below
}

// methodNotAllowed names the methods that the address knows. chi hands methods it
// has never heard of to it too, whatever the address.
func (s *site) methodNotAllowed(w http.ResponseWriter, r *http.Request) error {
	var methods []string
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		if s.router.Match(chi.NewRouteContext(), method, r.URL.EscapedPath()) {
			methods = append(methods, method)
		}
	}
	if len(methods) == 0 {
		return handlers.ErrNotFound
	}
	if methods[0] == http.MethodGet {
		methods = append(methods, http.MethodHead) // by way of GetHead
	}
	w.Header().Set("Allow", strings.Join(methods, ", "))
	return errMethodNotAllowed
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
