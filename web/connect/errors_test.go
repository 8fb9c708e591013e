package connect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"keydesk/iamsvc"
	"keydesk/web/config"
)

const hidden = "hunter2-wJalrXUtnFEMI"

// noJournal takes everything down and keeps nothing: a start changes nothing.
type noJournal struct{}

func (noJournal) Attempt(context.Context, iamsvc.Change) (int64, error) { return 1, nil }

func (noJournal) Outcome(context.Context, int64, iamsvc.Change, iamsvc.Result) error { return nil }

// start is a start of Keydesk on an environment of its own; it returns what the
// console says.
func start(t *testing.T, endpoint string, environment map[string]string) string {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "not-a-secret", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "",
		"AWS_CONFIG_FILE": "/no/such/file", "AWS_SHARED_CREDENTIALS_FILE": "/no/such/file", "AWS_EC2_METADATA_DISABLED": "true", "AWS_CA_BUNDLE": "",
	} {
		if given, ok := environment[name]; ok {
			value = given
		}
		t.Setenv(name, value)
	}
	c := config.Config{IAM: config.IAMAWS, IAMEndpoint: endpoint, Region: "us-east-1", SweepHours: 6}
	_, closeAccount, err := Account(t.Context(), c, iamsvc.Config{Journal: noJournal{}, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))}, nil)
	if err == nil {
		closeAccount()
		return ""
	}
	if errors.Is(err, iamsvc.ErrDenied) {
		t.Errorf("the console blames a permission: %v", err)
	}
	return err.Error()
}

func serve(t *testing.T, status int, date time.Time, body string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", date.UTC().Format(http.TimeFormat))
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func refusal(code string) string {
	return fmt.Sprintf(`<ErrorResponse><Error><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>`, code, hidden)
}

func profileFile(t *testing.T, text string) map[string]string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(file, []byte("[profile keydesk]\n"+text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return map[string]string{"AWS_CONFIG_FILE": file, "AWS_PROFILE": "keydesk", "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
}

// TestConsoleNamesTheCause: a start that fails says why and what to do, in words of
// Keydesk's own.
func TestConsoleNamesTheCause(t *testing.T) {
	now := time.Now()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused := "http://" + l.Addr().String()
	_ = l.Close()
	overTLS := httptest.NewUnstartedServer(http.NotFoundHandler())
	overTLS.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	overTLS.StartTLS()
	t.Cleanup(overTLS.Close)
	for name, test := range map[string]struct {
		endpoint    string
		environment map[string]string
		says        []string
	}{
		"clock":             {serve(t, 403, now.Add(17*time.Minute), refusal("RequestTimeTooSkewed")), nil, []string{"17 minutes behind the server's", "\nSet the clock"}},
		"proxy's page":      {serve(t, 403, now, "<html>"+hidden), nil, []string{"answered in IAM's place", "\nLook at the proxies"}},
		"sign-in page":      {serve(t, 200, now, "<html>"+hidden), nil, []string{"HTTP status 200", "\nLook at the proxies"}},
		"unknown code":      {serve(t, 403, now, refusal("PolicyOfTheHouse")), nil, []string{"with PolicyOfTheHouse"}},
		"unknown key":       {serve(t, 403, now, refusal("InvalidClientTokenId")), nil, []string{"does not know the access key", "\nLook whether the key is active"}},
		"refused":           {refused, nil, []string{"refused the connection", "-iam-endpoint"}},
		"unknown host":      {"http://iam.invalid", nil, []string{"the name of the server iam.invalid can't be resolved", "DNS"}},
		"unknown authority": {overTLS.URL, nil, []string{"authority that Keydesk's machine trusts", "AWS_CA_BUNDLE"}},
		"no credentials":    {refused, map[string]string{"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, []string{"no AWS credentials were found", "AWS_PROFILE"}},
		"process":           {refused, profileFile(t, "credential_process = echo "+hidden+"; exit 3"), []string{"credential_process", "(exit status 3)", "\nRun its command by hand"}},
		"SSO":               {refused, profileFile(t, "sso_account_id = 1\nsso_role_name = r\nsso_region = us-east-1\nsso_start_url = https://none.invalid/"+hidden), []string{"SSO) session", "aws sso login"}},
		"no such profile":   {refused, map[string]string{"AWS_PROFILE": "nobody"}, []string{`the profile "nobody" is in none`}},
		"CA bundle":         {refused, map[string]string{"AWS_CA_BUNDLE": "/no/such/bundle"}, []string{"/no/such/bundle can't be read"}},
		"no MFA":            {refused, profileFile(t, "role_arn = arn:aws:iam::123456789012:role/r\nmfa_serial = x\nsource_profile = keydesk"), []string{"can't be used"}},
	} {
		t.Run(name, func(t *testing.T) {
			said := start(t, test.endpoint, test.environment)
			for _, words := range test.says {
				if !strings.Contains(said, words) {
					t.Errorf("no %q in:\n%s", words, said)
				}
			}
			for _, words := range []string{hidden, "operation error", "https response error", "failed to", "permission"} {
				if strings.Contains(said, words) {
					t.Errorf("%q in:\n%s", words, said)
				}
			}
		})
	}
}
