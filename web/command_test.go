package web_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"keydesk/web"
	"keydesk/web/audit"
	"keydesk/web/auth"
	"keydesk/web/config"
	"keydesk/web/db"
	"keydesk/web/db/dbtest"
)

// installation is a data folder and a database in which Keydesk runs, with the
// administrator admin.
type installation struct {
	t        *testing.T
	url      string
	data     string
	database *db.DB
	journal  *audit.Journal
	people   *auth.LocalAccounts
	admin    auth.LocalAccount
}

func newInstallation(t *testing.T, url string) *installation {
	t.Helper()
	i := &installation{t: t, url: url, data: t.TempDir()}
	i.run()
	var err error
	if i.admin, err = i.people.Create(t.Context(), "admin", auth.RoleAdministrator, goodPassword); err != nil {
		t.Fatal(err)
	}
	return i
}

// run opens what a running Keydesk has open.
func (i *installation) run() {
	i.t.Helper()
	i.stop()
	var err error
	if i.database, err = db.Open(i.t.Context(), i.url); err != nil {
		i.t.Fatal(err)
	}
	i.t.Cleanup(i.stop)
	if i.journal, err = audit.Open(i.t.Context(), i.database, filepath.Join(i.data, "journal.key")); err != nil {
		i.t.Fatal(err)
	}
	i.people = auth.NewLocalAccounts(i.database)
}

func (i *installation) stop() {
	if i.database != nil {
		_ = i.database.Close()
	}
	i.database = nil
}

// command runs `keydesk ...` on the installation.
func (i *installation) command(c config.Config) (string, error) {
	i.t.Helper()
	c.Data, c.Database = i.data, i.url
	var out bytes.Buffer
	err := web.Command(i.t.Context(), c, "test", &out)
	return out.String(), err
}

func (i *installation) must(c config.Config, want string) string {
	i.t.Helper()
	out, err := i.command(c)
	if err != nil || !strings.Contains(out, want) {
		i.t.Fatalf("%s: %v, %q; want %q", c.Command, err, out, want)
	}
	return out
}

func (i *installation) events(action string) []audit.Event {
	i.t.Helper()
	list, _, err := i.journal.List(i.t.Context(), audit.Filter{Action: action, Limit: 100})
	if err != nil {
		i.t.Fatal(err)
	}
	return list
}

// eachWay tests with both databases, beside a Keydesk and with none. Afterwards Keydesk
// goes on, and the journal verifies.
func eachWay(t *testing.T, before, test func(t *testing.T, i *installation)) {
	t.Helper()
	for _, way := range []string{"running", "stopped"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, url string) {
				i := newInstallation(t, url)
				before(t, i)
				if way == "stopped" {
					i.stop()
				}
				test(t, i)
				if way == "stopped" {
					i.run()
				}
				if _, err := i.journal.Append(t.Context(), audit.Event{Action: "SignIn"}); err != nil {
					t.Error(err)
				}
				i.must(config.Config{Command: config.CommandVerify}, "as it was written")
			})
		})
	}
}

func asItIs(*testing.T, *installation) {}

var madeUp = regexp.MustCompile(`shown only now: (\S+)`)

// TestForgottenPasswordOfTheLastAdministrator needs no SQL.
func TestForgottenPasswordOfTheLastAdministrator(t *testing.T) {
	t.Parallel()
	eachWay(t, asItIs, func(t *testing.T, i *installation) {
		out := i.must(config.Config{Command: config.CommandResetPassword, User: "Admin", Reason: "forgotten"}, "sessions have ended")
		password := madeUp.FindStringSubmatch(out)
		if password == nil {
			t.Fatalf("no password in %q", out)
		}
		i.stop()
		i.run()
		if _, err := i.people.SignIn(t.Context(), "admin", goodPassword, auth.Client{Address: "192.0.2.1"}); !errors.Is(err, auth.ErrBadCredentials) {
			t.Errorf("the old password: %v", err)
		}
		if _, err := i.people.SignIn(t.Context(), "admin", password[1], auth.Client{Address: "192.0.2.1"}); err != nil {
			t.Errorf("the new password: %v", err)
		}
		rows := i.events("ResetLocalAccountPassword")
		if len(rows) != 2 || rows[1].Phase != audit.PhaseAttempt || rows[0].Outcome != audit.OutcomeOK {
			t.Fatalf("%+v", rows)
		}
		for _, e := range rows {
			if e.Actor.Issuer != "console" || !strings.HasSuffix(e.Actor.Name, "at the console") || e.Actor.Subject == "" ||
				e.User != "local/admin" || e.Reason != "forgotten" || e.Version != "test" {
				t.Errorf("%+v", e)
			}
			if strings.Contains(strings.Join([]string{e.Reason, e.NewState, e.OldState}, " "), password[1]) {
				t.Error("the password is in the journal")
			}
		}
	})
}

func TestPeopleCommands(t *testing.T) {
	t.Parallel()
	eachWay(t, asItIs, func(t *testing.T, i *installation) {
		file := filepath.Join(t.TempDir(), "password")
		if err := os.WriteFile(file, []byte("a sentence of words\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		create := config.Config{Command: config.CommandCreatePerson, User: "ann", Role: "auditor", PasswordFile: file}
		if out := i.must(create, "ann can sign in as Auditor."); strings.Contains(out, "sentence") {
			t.Errorf("the password of the file is printed: %q", out)
		}
		if _, err := i.command(create); !errors.Is(err, auth.ErrNameTaken) {
			t.Errorf("a second time: %v", err)
		}
		list := i.must(config.Config{Command: config.CommandPeople}, "ann")
		if !regexp.MustCompile(`(?m)^ann +ann +auditor +enabled +never +off +0$`).MatchString(list) {
			t.Errorf("the list is\n%s", list)
		}
		i.must(config.Config{Command: config.CommandResetCodes, User: "ann"}, "without a code")
		i.must(config.Config{Command: config.CommandEndSessions, User: "ANN"}, "Sessions ended: 0.")
		if _, err := i.command(config.Config{Command: config.CommandEndSessions, User: "bob"}); !errors.Is(err, auth.ErrNoSuchAccount) {
			t.Errorf("an unknown name: %v", err)
		}
	})
}

func TestPeopleCommandsRefuse(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, dbtest.SQLite(t))
	short := filepath.Join(t.TempDir(), "short")
	if err := os.WriteFile(short, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]config.Config{
		"no such role":     {Command: config.CommandCreatePerson, User: "ann", Role: "king"},
		"a bad name":       {Command: config.CommandCreatePerson, User: "a b", Role: "auditor"},
		"a short password": {Command: config.CommandResetPassword, User: "admin", PasswordFile: short},
		"no reason":        {Command: config.CommandResetPassword, User: "admin", RequireReason: true},
		"a secret reason":  {Command: config.CommandResetPassword, User: "admin", Reason: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"},
		"no provider":      {Command: config.CommandEndSessions, User: "oidc/ann"},
	} {
		if out, err := i.command(c); !errors.Is(err, config.ErrSettings) {
			t.Errorf("%s: %v %q", name, err, out)
		}
	}
	for _, action := range []string{"CreateLocalAccount", "ResetLocalAccountPassword"} {
		if rows := i.events(action); len(rows) != 0 {
			t.Errorf("what was not tried is journalled: %+v", rows)
		}
	}
	i.data = t.TempDir()
	for _, command := range []string{config.CommandResetPassword, config.CommandSeal} {
		if _, err := i.command(config.Config{Command: command, User: "admin", Rows: config.RowsFound}); !errors.Is(err, config.ErrSettings) {
			t.Errorf("%s without a journal: %v", command, err)
		}
	}
	if made, err := os.ReadDir(i.data); err != nil || len(made) != 0 {
		t.Errorf("the command made %v, %v", made, err)
	}
}

// Nobody's password is reset unrecorded.
func TestNoPeopleCommandUnrecorded(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, dbtest.SQLite(t))
	for _, statement := range []string{`DROP TRIGGER journal_no_delete`, `DELETE FROM journal`} {
		if _, err := i.database.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := i.command(config.Config{Command: config.CommandResetPassword, User: "admin"}); err == nil {
		t.Errorf("a journal that lost its rows: %q", out)
	}
	if _, err := i.people.SignIn(t.Context(), "admin", goodPassword, auth.Client{Address: "192.0.2.1"}); err != nil {
		t.Errorf("the password was changed: %v", err)
	}
}

func TestSealCommand(t *testing.T) {
	t.Parallel()
	const keyID, secret = "AKIAIOSFODNN7EXAMPLE", "WJALRXUTNFEMIK7MDENGBPXRFICYEXAMPLEKEY12"
	leak := func(t *testing.T, i *installation) {
		for range 3 {
			if _, err := i.journal.Append(t.Context(), audit.Event{Action: "LookUp", AccessKeyID: keyID + secret, Actor: audit.Actor{Name: "helen"}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	eachWay(t, leak, func(t *testing.T, i *installation) {
		out := i.must(config.Config{Command: config.CommandFindSecrets}, "row 4, ")
		if strings.Contains(out, keyID) || strings.Contains(out, secret[:4]) || !strings.Contains(out, "accessKeyId holds 60 characters") {
			t.Errorf("it says %q", out)
		}
		i.must(config.Config{Command: config.CommandSeal, Rows: "2"}, "1 rows sealed.")
		i.must(config.Config{Command: config.CommandSeal, Rows: config.RowsFound, Reason: "ticket 7"}, "2 rows sealed.")
		i.must(config.Config{Command: config.CommandFindSecrets}, "No row")
		i.must(config.Config{Command: config.CommandSeal, Rows: config.RowsFound}, "0 rows sealed.")
		out = i.must(config.Config{Command: config.CommandVerify}, "Secrets were taken out of 3 (SealRow)")
		if !strings.Contains(out, "at the console, row 7: row 4: accessKeyId held 60 characters. ticket 7") {
			t.Errorf("it says %q", out)
		}
		if !dbtest.Shared(i.url) {
			dbtest.HoldsNone(t, i.url, keyID, secret, secret[:12], secret[28:])
		}
	})
}
