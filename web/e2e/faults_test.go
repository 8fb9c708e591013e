package e2e

import (
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// faulty is the program with its fault points armed, built once. It also
// reconciles within a second, where the real one gives others minutes.
var faulty = sync.OnceValues(func() (string, error) {
	file := filepath.Join(filepath.Dir(program), "keydesk-faultpoints")
	out, err := exec.Command("go", "build", "-tags", "faultpoints", "-o", file, "keydesk").CombinedOutput()
	if err != nil {
		_, _ = os.Stderr.Write(out)
	}
	return file, err
})

// victim is a Keydesk that is going to be killed, the IAM it talks to, and the
// person in front of it.
type victim struct {
	*app
	*person
	iam      *iamServer
	settings []string
}

func newVictim(t *testing.T) *victim {
	t.Helper()
	armed, err := faulty()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte(password), 0o600); err != nil {
		t.Fatal(err)
	}
	v := &victim{iam: newIAMServer(t)}
	v.app = &app{t: t, Data: t.TempDir(), program: armed}
	v.settings = []string{"-admin-password-file", file, "-iam-endpoint", v.iam.URL}
	v.person = newPerson(t)
	return v
}

// begin starts the program with a fault point and signs in.
func (v *victim) begin(point string) {
	v.app.t.Helper()
	v.app.env = []string{"AWS_SHARED_CREDENTIALS_FILE=" + v.iam.credentials, "KEYDESK_FAULT_POINT=" + point}
	v.run(v.settings...)
	v.want(v.post(v.URL+"/sign-in", url.Values{"user_name": {"admin"}, "password": {password}}), http.StatusOK, "admin")
}

// again starts it without a fault point, on the same data.
func (v *victim) again() {
	v.app.t.Helper()
	v.app.env[1] = "KEYDESK_FAULT_POINT="
	v.run(v.settings...)
	v.app.t.Cleanup(v.stop)
}

// outcomes are what the journal says about creations for the user, the oldest
// first, each with the end of the key it names.
func (v *victim) outcomes() string {
	v.app.t.Helper()
	var list []string
	for _, row := range v.csv(v.URL + "/audit-log.csv?action=CreateAccessKey") {
		if row["phase"] == "outcome" {
			list = append(list, strings.TrimSpace(row["outcome"]+" "+row["access_key_id"]))
		}
	}
	return strings.Join(list, ", ")
}

// Wherever it is killed: after the restart the journal tells what became of the
// key, one form has made one key at most, a key whose secret may be lost is
// pointed out, and the secret is nowhere.
func TestKilledWhileCreatingAKey(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		point    string
		again    int    // the status of the same form sent once more
		outcomes string // KEY stands for the ID of the key
		keys     int
	}{
		{"before-attempt", http.StatusOK, "ok KEY, delivered KEY", 1},
		{"after-attempt", http.StatusConflict, "reconciled", 0},
		{"after-reply", http.StatusConflict, "reconciled KEY", 1},
		{"after-outcome", http.StatusConflict, "ok KEY", 1},
		{"before-delivery", http.StatusConflict, "ok KEY", 1},
		{"after-write", http.StatusConflict, "ok KEY", 1},
		{"after-delivery", http.StatusConflict, "ok KEY, delivered KEY", 1},
	} {
		t.Run(c.point, func(t *testing.T) {
			t.Parallel()
			v := newVictim(t)
			v.begin(c.point)
			form := v.createForm(v.URL)
			answered := make(chan struct{})
			go func() {
				defer close(answered)
				v.try(v.URL+juan+"/access-keys", form) // breaks off with the program
			}()
			v.await(regexp.MustCompile("fault point reached: " + c.point))
			v.kill()
			<-answered
			printed := v.output.String()
			v.again()

			if got := v.post(v.URL+juan+"/access-keys", form); got.status != c.again {
				t.Errorf("the form sent again: status %d, want %d", got.status, c.again)
			}
			keyID, secret := v.iam.made()
			if n := v.iam.creations(); n != c.keys {
				t.Errorf("IAM has made %d keys, want %d", n, c.keys)
			}
			want := strings.ReplaceAll(c.outcomes, "KEY", keyID)
			v.eventually("the journal to say "+want, func() bool { return v.outcomes() == want })
			v.wantUnsaved(keyID)
			v.wantNowhere(secret, printed+v.output.String())
			if out, status := keydeskOn(t, v.Data, "audit", "verify"); status != 0 {
				t.Errorf("the audit log is not whole: %s", out)
			}
		})
	}
}

// wantUnsaved looks for the way out, on the list and at the key.
func (v *victim) wantUnsaved(keyID string) {
	v.app.t.Helper()
	list := v.get(v.URL + "/accounts/" + account + "/unsaved-keys").body
	if keyID == "" {
		if !strings.Contains(list, "No unsaved access keys") {
			v.app.t.Errorf("a key is pointed out where none was made:\n%s", list)
		}
		return
	}
	user := v.get(v.URL + juan).body
	if !strings.Contains(list, keyID) || !strings.Contains(user, "may never have been saved") {
		v.app.t.Errorf("nobody is told of %s:\n%s\n%s", keyID, list, user)
	}
}

func (v *victim) wantNowhere(secret, printed string) {
	v.app.t.Helper()
	if secret == "" {
		return
	}
	if found := holding(v.app.t, v.Data, secret); len(found) > 0 {
		v.app.t.Errorf("the secret is in %q", found)
	}
	if spelled(secret)([]byte(printed)) {
		v.app.t.Errorf("the program prints the secret:\n%s", printed)
	}
}

// A supervisor's SIGTERM waits for what IAM is about to answer.
func TestSIGTERMWhileCreatingAKey(t *testing.T) {
	t.Parallel()
	v := newVictim(t)
	v.begin("")
	arrived, release := v.iam.hold()
	form, answer := v.createForm(v.URL), make(chan reply, 1)
	go func() { answer <- v.try(v.URL+juan+"/access-keys", form) }()
	<-arrived
	v.terminate()
	v.eventually("the program to take no more visitors", func() bool { return v.try(v.URL+"/healthz", nil).status == 0 })
	close(release)
	if a := <-answer; a.status != http.StatusOK || !strings.Contains(a.body, "Retrieve access keys") {
		t.Errorf("the person gets status %d:\n%s", a.status, a.body)
	}
	if err := <-v.done; err != nil {
		t.Errorf("the program ended with %v:\n%s", err, v.output)
	}
	v.again()
	keyID, _ := v.iam.made()
	// A client that hangs up as soon as it has the page is not told from one that
	// had gone before: both are then undelivered.
	got := strings.Replace(v.outcomes(), "undelivered", "delivered", 1)
	if want := "ok " + keyID + ", delivered " + keyID; got != want {
		t.Errorf("journalled %q, want %q", got, want)
	}
}

// An IAM that never answers does not keep it from ending.
func TestSIGTERMWhileIAMHangs(t *testing.T) {
	t.Parallel()
	v := newVictim(t)
	v.begin("")
	arrived, release := v.iam.hold()
	form := v.createForm(v.URL)
	go v.try(v.URL+juan+"/access-keys", form)
	<-arrived
	started := time.Now()
	v.terminate()
	<-v.done
	if took := time.Since(started); took > 20*time.Second {
		t.Errorf("it took %v to end", took)
	}
	close(release)
	v.again()
	v.eventually("the journal to tell what became of it", func() bool {
		got := v.outcomes()
		return strings.Contains(got, "reconciled") || strings.Contains(got, "unknown") || strings.Contains(got, "ok")
	})
}

func (v *victim) terminate() {
	v.app.t.Helper()
	if err := v.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		v.app.t.Fatal(err)
	}
}
