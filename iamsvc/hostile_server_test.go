package iamsvc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// endless lists users for ever, so many on a page.
func endless(perPage int) func(http.ResponseWriter, url.Values) {
	return func(w http.ResponseWriter, form url.Values) {
		from, _ := strconv.Atoi(form.Get("Marker"))
		names := make([]string, perPage)
		for i := range names {
			names[i] = fmt.Sprintf("user-%09d", from+i)
		}
		sends(users(names...)+fmt.Sprintf("<IsTruncated>true</IsTruncated><Marker>%d</Marker>", from+perPage))(w, form)
	}
}

func endlessKeys(w http.ResponseWriter, form url.Values) {
	from, _ := strconv.Atoi(form.Get("Marker"))
	ids := make([]string, 50)
	for i := range ids {
		ids[i] = fmt.Sprintf("%s-%09d", form.Get("UserName"), from+i)
	}
	sends(metadata(form.Get("UserName"), ids...)+fmt.Sprintf("<IsTruncated>true</IsTruncated><Marker>%d</Marker>", from+50))(w, form)
}

// hostileAccount is one with a small bound.
func hostileAccount(t *testing.T, maxUsers int, a answers) (*Account, *foreign) {
	t.Helper()
	a["GetCallerIdentity"] = sends(foreignIdentity)
	f := &foreign{answers: a}
	c, _ := f.config(t)
	c.MaxUsers = maxUsers
	account, err := Open(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	quick(account)
	return account, f
}

func wantLimit(t *testing.T, err error, says string) {
	t.Helper()
	var limit *LimitError
	if !errors.As(err, &limit) || !strings.Contains(limit.Error(), says) || !errors.Is(err, ErrTooMuch) {
		t.Errorf("%v, want a limit of %s", err, says)
	}
}

func TestEndlessListOfUsers(t *testing.T) {
	t.Parallel()
	for _, perPage := range []int{1, 7, 900} {
		t.Run(fmt.Sprint(perPage), func(t *testing.T) {
			t.Parallel()
			a, _ := hostileAccount(t, 500, answers{"ListUsers": endless(perPage), "ListAccessKeys": sends(metadata("x"))})
			for range 2 {
				err := a.Refresh(context.Background())
				wantLimit(t, err, "500 users")
				inv := a.Inventory()
				wantLimit(t, inv.Err, "500 users (-max-users)")
				if len(inv.Users) != 500 || inv.AsOf.IsZero() {
					t.Errorf("%d users as of %v", len(inv.Users), inv.AsOf)
				}
			}
		})
	}
}

// What was not reached is missing from the next reading too, and nothing piles up.
func TestOtherUsersEachTime(t *testing.T) {
	t.Parallel()
	var readings atomic.Int64
	a, _ := hostileAccount(t, 100, answers{
		"ListAccessKeys": sends(metadata("x", "k")),
		"ListUsers": func(w http.ResponseWriter, form url.Values) {
			if form.Get("Marker") == "" {
				form.Set("Marker", fmt.Sprint(readings.Add(1)*1_000_000))
			}
			endless(40)(w, form)
		},
	})
	for range 4 {
		wantLimit(t, a.Refresh(context.Background()), "100 users")
		if n, keys := len(a.Inventory().Users), len(a.facts.Keys); n > 100 || keys > 100 {
			t.Errorf("%d users, keys of %d", n, keys)
		}
	}
}

func TestEndlessListOfKeys(t *testing.T) {
	t.Parallel()
	a, _ := hostileAccount(t, 100, answers{"ListUsers": sends(users("ann", "bob", "eve", "dan")), "ListAccessKeys": endlessKeys})
	if err := a.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, u := range a.Inventory().Users {
		wantLimit(t, u.KeysErr, "")
	}
	if n := len(a.Inventory().byKey); n > 500 {
		t.Errorf("%d keys", n)
	}
	_, err := a.ListAccessKeys(context.Background(), "ann")
	wantLimit(t, err, "1,000 entries")
}

func TestReportOfMoreUsersThanThereMayBe(t *testing.T) {
	t.Parallel()
	report := "user,arn\n" + strings.Repeat("a,b\n", 102)
	a, _ := hostileAccount(t, 100, answers{"ListUsers": sends(users("ann")), "ListAccessKeys": sends(metadata("ann")),
		"GetCredentialReport": sends("<Content>" + base64(report) + "</Content>")})
	if err := a.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	wantLimit(t, a.Inventory().ReportErr, "100 users")
	if n := len(a.Inventory().Users); n != 1 {
		t.Errorf("%d users", n)
	}
}

// Whoever stops Keydesk does not wait for a list without an end.
func TestEndlessListEndsWithItsContext(t *testing.T) {
	t.Parallel()
	page := endless(1)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	a, server := hostileAccount(t, 1_000_000, answers{"ListAccessKeys": sends(metadata("x")),
		"ListUsers": func(w http.ResponseWriter, form url.Values) {
			if form.Get("Marker") == "1000" {
				cancel()
			}
			page(w, form)
		}})
	ended := make(chan struct{})
	go func() { a.Run(ctx); close(ended) }()
	select {
	case <-ended:
	case <-time.After(20 * time.Second):
		t.Fatal("it goes on")
	}
	if n := server.count("ListUsers"); n > 1100 {
		t.Errorf("%d pages were read", n)
	}
}

// Answers that are small on the wire and large in memory.
func TestAnswersThatTakeMemory(t *testing.T) {
	filled := func(with string, size int) string {
		return "<ListUsersResponse><ListUsersResult><Users>" + strings.Repeat(with, size/len(with))
	}
	for name, text := range map[string]string{
		"8 MiB":            filled("<member><UserName>somebody</UserName></member>", 64<<20),
		"250,000 elements": filled("<member/>", 7<<20),
		"1,000 levels":     filled("<a>", 7<<20),
	} {
		t.Run(name, func(t *testing.T) {
			a, server := hostileAccount(t, 0, answers{"ListUsers": func(w http.ResponseWriter, _ url.Values) { _, _ = io.WriteString(w, text) }})
			before := taken()
			err := a.Refresh(context.Background())
			wantLimit(t, err, name)
			if mib := (taken() - before) >> 20; mib > 100 {
				t.Errorf("%d MiB were taken", mib)
			}
			if n := server.count("ListUsers"); n > 2 {
				t.Errorf("it was asked %d times", n)
			}
			wantLimit(t, a.Inventory().Err, name)
		})
	}
}

// taken is what was allocated until now, whether it was given back or not.
func taken() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// A long error page, or one of HTML that nobody closes, is still the error it is.
func TestLongErrorsAreErrors(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{"long": strings.Repeat("x", 9<<20), "deep": strings.Repeat("<br>", 5000)} {
		a, _ := hostileAccount(t, 0, answers{"GetUser": sendsRaw(403, body)})
		_, err := a.User(context.Background(), "ann")
		if !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLargestRightAnswer(t *testing.T) {
	t.Parallel()
	names := make([]string, 20_000)
	for i := range names {
		names[i] = fmt.Sprintf("user-%05d", i)
	}
	a, _ := hostileAccount(t, 0, answers{"ListUsers": sends(users(names...)), "ListAccessKeys": sends(metadata("x"))})
	if got, err := a.ListUsers(context.Background()); err != nil || len(got) != 20_000 {
		t.Errorf("%d users, %v", len(got), err)
	}
}

func FuzzCheckShape(f *testing.F) {
	for _, text := range []string{"", "<", "<a", "<a>", "<a/>", "</a>", "<!-- <a> -->", "<![CDATA[<a><b>]]>", "<?xml?><a b='>'/>", "<<<"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if err := checkShape(body); err != nil && len(body) < 2*maxDepth {
			t.Errorf("%q: %v", body, err)
		}
	})
}
