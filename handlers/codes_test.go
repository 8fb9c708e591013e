package handlers_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"keydesk/web"
	"keydesk/web/audit"
	"keydesk/web/auth"
)

// authenticator is a person's app: RFC 6238 by its own book.
type authenticator struct {
	secret []byte
	used   int64
}

// next is a code that was not used yet: of this step, then of the next one, which is
// accepted ahead of time. Both stay good if the step changes before they arrive.
func (a *authenticator) next(t testing.TB) string {
	t.Helper()
	step := max(time.Now().Unix()/30, a.used+1)
	a.used = step
	mac := hmac.New(sha1.New, a.secret)
	_ = binary.Write(mac, binary.BigEndian, step)
	sum := mac.Sum(nil)
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7fffffff%1000000)
}

var secretOnPage = regexp.MustCompile(`id="code-secret"[^>]*>([A-Z2-7]{32})<`)

// setUpCodes has the browser's person set up verification codes.
func (b *browser) setUpCodes() *authenticator {
	b.t.Helper()
	p := b.submit(b.get("/settings/codes"), "/settings/codes", nil).wantStatus(b.t, http.StatusOK).wantText(b.t, "otpauth://totp/Keydesk:")
	found := secretOnPage.FindStringSubmatch(p.Body)
	if found == nil {
		b.t.Fatalf("no secret on the page\n%s", p.Body)
	}
	if p.Header.Get("Cache-Control") != "no-store" || p.Header.Get("Content-Encoding") != "" {
		b.t.Errorf("headers of the page with the secret: %v", p.Header)
	}
	secret, err := base32.StdEncoding.DecodeString(found[1])
	if err != nil {
		b.t.Fatal(err)
	}
	app := &authenticator{secret: secret}
	p = b.submit(p, "/settings/codes/confirm", url.Values{"code": {"000000"}}).wantStatus(b.t, http.StatusUnprocessableEntity).wantText(b.t, "The code is not right.")
	if strings.Contains(p.Body, found[1]) {
		b.t.Error("the secret is shown a second time")
	}
	b.submit(p, "/settings/codes/confirm", url.Values{"code": {app.next(b.t)}}).wantStatus(b.t, http.StatusOK).wantText(b.t, "Verification codes are on")
	if strings.Contains(b.site.Log.String(), found[1]) {
		b.t.Error("the secret is in the log")
	}
	return app
}

func TestSignInWithACode(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	app := s.signedIn("ada").setUpCodes()

	b := s.browser()
	asked := b.post("/sign-in", url.Values{"user_name": {"ada"}, "password": {password}, "next": {"/audit-log"}}).
		wantStatus(t, http.StatusOK).wantText(t, "Enter your verification code")
	if p := b.get("/search"); p.URL.Path != "/sign-in" {
		t.Fatalf("with the password alone at %s", p.URL)
	}
	b.submit(asked, "/sign-in/code", url.Values{"code": {"000000"}}).
		wantStatus(t, http.StatusUnprocessableEntity).wantText(t, "The verification code is not right, or was used already.")
	if p := b.get("/search"); p.URL.Path != "/sign-in" {
		t.Fatalf("with a wrong code at %s", p.URL)
	}
	// A code without the password of the same browser is worth nothing.
	typed := app.next(t)
	s.browser().post("/sign-in/code", url.Values{"code": {typed}}).wantStatus(t, http.StatusForbidden).wantText(t, "The sign-in took too long")

	if p := b.submit(asked, "/sign-in/code", url.Values{"code": {typed}}).wantStatus(t, http.StatusOK); p.URL.Path != "/audit-log" {
		t.Errorf("landed at %s", p.URL)
	}
	rows := s.events("SignIn")
	if len(rows) != 3 || rows[0].Outcome != audit.OutcomeOK || rows[1].ErrorCode != "BadCode" || rows[1].Actor.Name != "ada" {
		t.Errorf("journal: %+v", rows)
	}

	again := s.browser()
	asked = again.post("/sign-in", url.Values{"user_name": {"ada"}, "password": {password}})
	again.submit(asked, "/sign-in/code", url.Values{"code": {typed}}).wantStatus(t, http.StatusUnprocessableEntity)
	if p := again.get("/search"); p.URL.Path != "/sign-in" {
		t.Error("a code worked twice")
	}
	for range 20 {
		if p := again.post("/sign-in/code", url.Values{"code": {"000000"}}); p.Status == http.StatusTooManyRequests {
			return
		}
	}
	t.Error("20 wrong codes in a row were all checked")
}

// TestCodeStepHeedsTheAccount: what changes between password and code counts.
func TestCodeStepHeedsTheAccount(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(s *site, id string) error{
		"disabled": func(s *site, id string) error { return s.People.SetDisabled(s.t.Context(), id, true) },
		"reset":    func(s *site, id string) error { return s.Codes.Remove(s.t.Context(), id) },
		"password": func(s *site, id string) error {
			_, err := s.Options.Sessions.EndAll(s.t.Context(), id, "") // as every reset does
			return err
		},
	} {
		s := newSite(t)
		app := s.signedIn("ada").setUpCodes()
		b := s.browser()
		asked := b.post("/sign-in", url.Values{"user_name": {"ada"}, "password": {password}})
		if err := change(s, s.person("ada").ID); err != nil {
			t.Fatal(err)
		}
		b.submit(asked, "/sign-in/code", url.Values{"code": {app.next(t)}}).wantStatus(t, http.StatusForbidden)
		if p := b.get("/search"); p.URL.Path != "/sign-in" {
			t.Errorf("%s: signed in all the same", name)
		}
	}
}

// TestConfirmAsksForTheCode: a stolen session and the password are not enough.
func TestConfirmAsksForTheCode(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.signedIn("admin")
	app := admin.setUpCodes()
	s.age("admin", stale)
	path := s.personPath("helen")
	asked := admin.get(path).wantText(t, "Verification code", `name="sign_in_code"`)
	for _, typed := range []string{"", "000000"} {
		admin.submit(asked, path+"/disabled", url.Values{"sign_in_password": {password}, "sign_in_code": {typed}, "reason": {"OPS-7"}}).
			wantStatus(t, http.StatusUnprocessableEntity).wantText(t, "Incorrect verification code", "OPS-7")
	}
	admin.submit(asked, path+"/disabled", url.Values{"sign_in_password": {password}, "sign_in_code": {app.next(t)}}).
		wantStatus(t, http.StatusOK).wantText(t, "Account disabled")
	own := s.personPath("admin")
	admin.get(own).wantText(t, "Manage your verification codes in Settings.")
	admin.post(own+"/codes", nil).wantStatus(t, http.StatusConflict).wantText(t, "This is your own account")

	admin.submit(admin.get("/settings/codes"), "/settings/codes/off", nil).wantStatus(t, http.StatusOK).wantText(t, "Verification codes are off")
	s.signedIn("admin")
}

func TestAdministratorResetsCodes(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin, ada := s.signedIn("admin"), s.signedIn("ada")
	ada.setUpCodes()
	path := s.personPath("ada")
	admin.submit(admin.get(path), path+"/codes", nil).wantStatus(t, http.StatusOK).wantText(t, "Verification codes reset")
	if p := ada.get("/search"); p.URL.Path != "/sign-in" {
		t.Errorf("the sessions go on: at %s", p.URL)
	}
	s.signedIn("ada").get("/search").wantStatus(t, http.StatusOK)
	if rows := s.events("ResetVerificationCodes"); len(rows) != 2 || rows[0].Outcome != audit.OutcomeOK || rows[0].User != "local/ada" {
		t.Errorf("journal: %+v", rows)
	}
}

// The key file of the codes was lost: a new one opens none of the secrets there are.
// Nobody gets past that with a password alone until an administrator says so.
func TestCodesKeyLost(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	app := s.signedIn("ada").setUpCodes()
	codes, err := auth.OpenCodes(s.Options.DB, filepath.Join(t.TempDir(), "codes.key"))
	if err != nil {
		t.Fatal(err)
	}
	s.with(func(o *web.Options) { o.Codes = codes })

	credentials := url.Values{"user_name": {"ada"}, "password": {password}}
	ada := s.browser()
	asked := ada.post("/sign-in", credentials).wantStatus(t, http.StatusOK).wantText(t, "Enter your verification code")
	ada.submit(asked, "/sign-in/code", url.Values{"code": {app.next(t)}}).
		wantStatus(t, http.StatusServiceUnavailable).wantText(t, "An administrator can reset your verification codes")
	if p := ada.get("/search"); p.URL.Path != "/sign-in" {
		t.Fatalf("without a code at %s", p.URL)
	}
	path := s.personPath("ada")
	admin := s.signedIn("admin")
	admin.submit(admin.get(path), path+"/codes", nil).wantStatus(t, http.StatusOK).wantText(t, "Verification codes reset")
	if p := s.browser().post("/sign-in", credentials); p.URL.Path == "/sign-in" {
		t.Errorf("after the reset at %s", p.URL)
	}
	s.signedIn("ada").setUpCodes()
}
