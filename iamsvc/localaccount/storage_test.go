package localaccount

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// childFolder tells a copy of the test program to be the process that gets killed.
const childFolder = "LOCALACCOUNT_TEST_FOLDER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childFolder); dir != "" {
		createUntilKilled(dir)
	}
	os.Exit(m.Run())
}

// createUntilKilled creates users with keys as fast as it can and names each one that IAM has answered for.
func createUntilKilled(dir string) {
	a, err := Open(dir, Options{Users: 1})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	c := admin(a)
	for n := 0; ; n++ {
		name := fmt.Sprintf("user%d", n)
		if _, err := c.CreateUser(context.Background(), &iam.CreateUserInput{UserName: &name}); err != nil {
			os.Exit(1)
		}
		out, err := c.CreateAccessKey(context.Background(), &iam.CreateAccessKeyInput{UserName: &name})
		if err != nil {
			os.Exit(1)
		}
		fmt.Println(name, *out.AccessKey.AccessKeyId, *out.AccessKey.SecretAccessKey)
	}
}

func TestNothingAnsweredIsLostWhenTheProcessIsKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	answered := map[string][2]string{}
	for round := 1; round <= 3; round++ {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), childFolder+"="+filepath.Join(dir, fmt.Sprint(round)))
		child.Stderr = os.Stderr
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		clear(answered)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if f := strings.Fields(lines.Text()); len(f) == 3 && len(f[2]) == 40 {
				answered[f[0]] = [2]string{f[1], f[2]}
			}
			if len(answered) == 10*round {
				_ = child.Process.Kill()
			}
		}
		_ = child.Wait()
		if len(answered) < 10*round {
			t.Fatalf("the child ended by itself after %d users", len(answered))
		}
		wantAnswered(t, filepath.Join(dir, fmt.Sprint(round)), answered)
	}
}

func wantAnswered(t *testing.T, dir string, answered map[string][2]string) {
	t.Helper()
	a := openIn(t, dir, Options{})
	for name, key := range answered {
		u := a.store.roster().find(name)
		if u == nil || u.accessKey(key[0]) == nil {
			t.Errorf("%s or the key was answered for and is lost", name)
		}
		if a.master.secret(key[0]) != key[1] {
			t.Errorf("the secret of %s is another one now", key[0])
		}
	}
	createUserNamed(t, admin(a), "after.the.crash")
}

func TestRestartKeepsEverything(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a := openIn(t, dir, Options{})
	c := admin(a)
	createUserNamed(t, c, "alice")
	id, secret := createKeyFor(t, c, "alice")
	putPolicy(t, c, "alice", "p", readS3)
	if _, err := c.DeleteUser(t.Context(), &iam.DeleteUserInput{UserName: aws.String("nobody")}); err == nil {
		t.Fatal("deleted nobody")
	}
	createUserNamed(t, c, "gone")
	if _, err := c.DeleteUser(t.Context(), &iam.DeleteUserInput{UserName: aws.String("gone")}); err != nil {
		t.Fatal(err)
	}
	before, ownID := a.store.roster(), a.ownKey
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}

	b := openIn(t, dir, Options{})
	after := b.store.roster()
	if len(after) != len(before) || after.find("gone") != nil {
		t.Errorf("%d users before, %d after", len(before), len(after))
	}
	alice := after.find("alice")
	if alice == nil || len(alice.Policies) != 1 || alice.Policies[0].Document != readS3 || alice.ID != before.find("alice").ID {
		t.Errorf("alice = %+v", alice)
	}
	if gotID, _ := b.Credentials(); gotID != ownID || b.master.secret(id) != secret {
		t.Error("credentials changed")
	}
	used, _ := b.store.keyOwner(ownID)
	if used.accessKey(ownID).LastUsed.Service != "iam" {
		t.Error("the use of a key is forgotten")
	}
}

func TestTornLastLineIsDropped(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a := openIn(t, dir, Options{})
	createUserNamed(t, admin(a), "whole")
	path := filepath.Join(dir, "account.log")
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	for _, tail := range []string{"0", "12345678 {\"deleted\":\"who", "12345678 {\"deleted\":\"whole\"}\n"} {
		appendTo(t, path, tail)
		b := openIn(t, dir, Options{})
		if b.store.roster().find("whole") == nil {
			t.Errorf("lost a user to the torn line %q", tail)
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestDamageIsReported(t *testing.T) {
	t.Parallel()
	for name, harm := range map[string]func(dir string) error{
		"changed line": func(dir string) error {
			path := filepath.Join(dir, "account.log")
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			return os.WriteFile(path, bytes.Replace(data, []byte("mateo.jackson"), []byte("mateo.jacksin"), 1), 0o600)
		},
		"unreadable master key": func(dir string) error { return os.WriteFile(filepath.Join(dir, "master.key"), []byte("?"), 0o600) },
	} {
		dir := t.TempDir()
		if err := openIn(t, dir, Options{}).Close(); err != nil {
			t.Fatal(err)
		}
		if err := harm(dir); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir, Options{}); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v, want ErrDamaged", name, err)
		}
	}
}

func TestMasterKeyIsNeverReplaced(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := openIn(t, dir, Options{}).Close(); err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(dir, "master.key")
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("opened without the master key: %v", err)
	}
	if _, err := os.Stat(key); !errors.Is(err, os.ErrNotExist) {
		t.Error("a new master key was made, and with it new secrets for every key")
	}
}

func TestOneProcessAtATime(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a := openIn(t, dir, Options{})
	if _, err := Open(dir, Options{}); !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), dir) {
		t.Errorf("second Open = %v, want ErrInUse and the folder's name", err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	openIn(t, dir, Options{})
}

func TestFolderOfAnotherAccount(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := openIn(t, dir, Options{}).Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, Options{AccountID: "999999999999"}); err == nil || !strings.Contains(err.Error(), DefaultAccountID) {
		t.Errorf("error = %v, want one that names the account in the folder", err)
	}
	if _, err := Open(t.TempDir(), Options{AccountID: "12345"}); err == nil {
		t.Error("a short account number was accepted")
	}
}

func TestNoSecretIsOnDiskAndNobodyElseCanRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a := openIn(t, dir, Options{})
	_, secret := createKeyFor(t, admin(a), "li.juan")
	_, own := a.Credentials()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 3 {
		t.Fatalf("files = %v, %v", entries, err)
	}
	for _, entry := range entries {
		data, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil || bytes.Contains(data, []byte(secret)) || bytes.Contains(data, []byte(own)) {
			t.Errorf("%s holds a secret (or %v)", entry.Name(), err)
		}
		if info, err := entry.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", entry.Name(), info.Mode(), err)
		}
	}
}

func TestLogIsRewrittenBeforeItGrowsWithoutEnd(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a := openIn(t, dir, Options{})
	appendTo(t, filepath.Join(dir, "account.log"), strings.Repeat("x", rewriteSlack))
	a.store.log.size += rewriteSlack + a.store.log.base
	createUserNamed(t, admin(a), "last.straw")
	if a.store.log.size > 1<<20 || a.store.log.outgrown() {
		t.Errorf("log of %d bytes", a.store.log.size)
	}
	createUserNamed(t, admin(a), "one.more")
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	after := openIn(t, dir, Options{}).store.roster()
	if after.find("last.straw") == nil || after.find("one.more") == nil {
		t.Error("a user was lost in the rewrite")
	}
}

func TestAWriteThatFailsChangesNothing(t *testing.T) {
	t.Parallel()
	a := open(t, Options{})
	c := admin(a)
	createUserNamed(t, c, "steady")
	if err := a.store.log.file.Close(); err != nil { // what a vanished disk looks like
		t.Fatal(err)
	}
	const says = "The request processing has failed because of an unknown error, exception or failure."
	for range 2 {
		_, err := c.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: aws.String("steady")})
		wantError(t, err, http.StatusInternalServerError, "ServiceFailure", says)
		_, err = c.DeleteUser(t.Context(), &iam.DeleteUserInput{UserName: aws.String("steady")})
		wantError(t, err, http.StatusInternalServerError, "ServiceFailure", says)
	}
	u, err := c.GetUser(t.Context(), &iam.GetUserInput{UserName: aws.String("steady")})
	if err != nil || len(a.store.roster().find("steady").Keys) != 0 {
		t.Errorf("user = %v, %v; want it as it was", u, err)
	}
}

func TestLeftoversOfAKilledProcessAreRemoved(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	left := filepath.Join(dir, "account.log.123.new")
	if err := os.WriteFile(left, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	openIn(t, dir, Options{})
	if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("leftover: %v", err)
	}
}
