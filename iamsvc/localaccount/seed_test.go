package localaccount

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// skeleton is what of a user does not depend on the moment of the seed.
func skeleton(users roster) string {
	var b strings.Builder
	for _, u := range users {
		fmt.Fprintln(&b, u.Name, u.Path, u.ID, u.Groups, u.Tags, u.Attached, len(u.MFADevices), u.Password != nil)
		for _, k := range u.Keys {
			fmt.Fprintln(&b, k.ID, k.Status, k.LastUsed.Region, k.LastUsed.Service)
		}
	}
	return b.String()
}

func TestSeedIsTheSameEveryTime(t *testing.T) {
	t.Parallel()
	early, late := open(t, Options{Users: 150, Now: fixedClock}), open(t, Options{Users: 150})
	if skeleton(early.store.roster()) != skeleton(late.store.roster()) {
		t.Error("two seeds of one size differ in more than dates")
	}
}

func TestSeedIsLegal(t *testing.T) {
	t.Parallel()
	now := time.Now().UTC().Truncate(time.Second)
	a := open(t, Options{Users: 5000, Now: func() time.Time { return now }})
	users := a.store.roster()
	if len(users) != 5000 {
		t.Errorf("%d users", len(users))
	}
	ids, entityID := map[string]bool{}, regexp.MustCompile(`^AIDA[A-Z2-7]{17}$`)
	for _, u := range users {
		for f, value := range map[*field]string{&newUserName: u.Name, &userPath: u.Path} {
			if err := f.check(value); err != nil {
				t.Errorf("%s: %v", u.Name, err)
			}
		}
		if !entityID.MatchString(u.ID) || ids[u.ID] || len(u.Tags) > tagsPerUser || u.Created.After(now) {
			t.Errorf("%s: ID %s, %d tags, created %v", u.Name, u.ID, len(u.Tags), u.Created)
		}
		ids[u.ID] = true
		for i, tag := range u.Tags {
			if err := tag.check(i); err != nil {
				t.Errorf("%s: %v", u.Name, err)
			}
		}
		for _, name := range u.Groups {
			if _, known := groups[name]; !known {
				t.Errorf("%s is in %s, which does not exist", u.Name, name)
			}
		}
		wantLegalKeys(t, u, ids, now)
	}
}

func wantLegalKeys(t *testing.T, u *user, ids map[string]bool, now time.Time) {
	t.Helper()
	for _, k := range u.Keys {
		account, ok := accountOfKey(k.ID)
		if decodes := ok && account == DefaultAccountID; !decodes && !strings.HasSuffix(k.ID, "EXAMPLE") || ids[k.ID] || accessKeyID.check(k.ID) != nil {
			t.Errorf("%s: key %s", u.Name, k.ID)
		}
		ids[k.ID] = true
		if k.Created.Before(u.Created) || k.Created.After(now) || k.LastUsed.At.After(now) || (!k.LastUsed.At.IsZero() && k.LastUsed.At.Before(k.Created)) {
			t.Errorf("%s created %v, its key %v, used %v", u.Name, u.Created, k.Created, k.LastUsed.At)
		}
	}
	if p := u.Password; p != nil && (p.Set.Before(u.Created) || (!p.LastUsed.IsZero() && p.LastUsed.Before(u.Created))) {
		t.Errorf("%s created %v, password set %v, used %v", u.Name, u.Created, p.Set, p.LastUsed)
	}
}

func TestSeedShowsEveryCase(t *testing.T) {
	t.Parallel()
	now := time.Now().UTC().Truncate(time.Second)
	a := open(t, Options{Users: DefaultUsers, Now: func() time.Time { return now }})
	seen := map[string]int{}
	for _, u := range a.store.roster() {
		seen[fmt.Sprint(len(u.Keys), " keys")]++
		seen[fmt.Sprint("password ", u.Password != nil, ", MFA ", len(u.MFADevices) > 0)]++
		if len(u.Name) == 64 {
			seen["long name"]++
		}
		if slices.ContainsFunc(u.Tags, func(t tag) bool { return t.Value == "" }) {
			seen["empty tag"]++
		}
		for _, k := range u.Keys {
			seen[k.Status]++
			switch used := now.Sub(k.LastUsed.At); {
			case k.LastUsed.At.IsZero():
				seen["never used"]++
			case used < time.Hour:
				seen["used minutes ago"]++
			case used > 90*day:
				seen["used long ago"]++
			}
			if k.LastUsed.Region == "N/A" {
				seen["no region"]++
			}
			for _, limit := range []int{0, 1, 30, 31, 45, 60, 89, 90, 91, 180, 364, 365, 366, 730, 3000} {
				if int(now.Sub(k.Created)/day) == limit {
					seen[fmt.Sprint("age ", limit)]++
				}
			}
		}
	}
	for _, what := range []string{"0 keys", "1 keys", "2 keys", "3 keys", "password true, MFA true", "password true, MFA false", "password false, MFA false",
		"long name", "empty tag", "Active", "Inactive", "never used", "used minutes ago", "used long ago", "no region",
		"age 0", "age 1", "age 30", "age 31", "age 45", "age 60", "age 89", "age 90", "age 91", "age 180", "age 364", "age 365", "age 366", "age 730", "age 3000"} {
		if seen[what] == 0 {
			t.Errorf("nobody has: %s (of %v)", what, seen)
		}
	}
	if owner, _ := a.store.keyOwner("AKIAIOSFODNN7EXAMPLE"); owner == nil {
		t.Error("the documentation's key is missing")
	}
}

func TestCredentialsFile(t *testing.T) {
	t.Parallel()
	a := open(t, Options{})
	path := filepath.Join(t.TempDir(), "local-credentials")
	for range 2 {
		if err := a.WriteCredentialsFile(path); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("file = %v, %v", info, err)
	}
	for profile, user := range map[string]string{"default": "keydesk-operator", "readonly": "keydesk-readonly"} {
		shared, err := awsconfig.LoadSharedConfigProfile(t.Context(), profile, func(o *awsconfig.LoadSharedConfigOptions) {
			o.CredentialsFiles, o.ConfigFiles = []string{path}, []string{}
		})
		if err != nil || shared.Region != "us-east-1" {
			t.Fatal(err, shared.Region)
		}
		cfg := config(a, shared.Credentials.AccessKeyID, shared.Credentials.SecretAccessKey, "")
		who, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
		if err != nil || !strings.HasSuffix(*who.Arn, ":user/"+user) {
			t.Errorf("profile %s = %v, %v", profile, who, err)
		}
	}
}

func TestPrincipalsAreMendedAtOpen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, harm := range map[string]func(*Account) error{
		"key inactive": func(a *Account) error {
			_, err := a.store.change(keydeskUser, write{}, func(u *user) error { u.Keys[0].Status = statusInactive; return nil })
			return err
		},
		"two keys inactive": func(a *Account) error {
			_, err := a.store.change(keydeskUser, write{}, func(u *user) error {
				for i := range u.Keys {
					u.Keys[i].Status = statusInactive
				}
				return nil
			})
			return err
		},
		"no key": func(a *Account) error {
			_, err := a.store.change(keydeskUser, write{}, func(u *user) error { u.Keys = nil; return nil })
			return err
		},
		"no user": func(a *Account) error { return a.store.remove(keydeskUser, write{}, func(*user) error { return nil }) },
	} {
		a := openIn(t, dir, Options{})
		if err := harm(a); err != nil {
			t.Fatal(err)
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		b := openIn(t, dir, Options{})
		if err := aliases(t, admin(b)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
