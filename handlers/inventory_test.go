package handlers

import (
	"strings"
	"testing"
	"time"

	"keydesk/iamsvc"
	"keydesk/views"
)

func TestReadingInWords(t *testing.T) {
	t.Parallel()
	first := iamsvc.Progress{Reading: true, Users: 5000, UsersRead: 1234, Done: 234, Total: 4000, Rate: 24.83, Remaining: 125 * time.Second}
	again := iamsvc.Progress{Reading: true, Again: true, Users: 5000, UsersRead: 5000, Done: 3, Total: 17, Rate: 1999.6, Remaining: time.Second}
	const lacking = "the identity Keydesk runs as lacks an IAM permission, iam:ListAccessKeys, which an administrator of the AWS account can grant"
	with := func(p iamsvc.Progress, change func(*iamsvc.Progress)) iamsvc.Progress {
		change(&p)
		return p
	}
	for name, test := range map[string]struct {
		progress    iamsvc.Progress
		want        string
		value, most int
	}{
		"going on": {first, "Reading access keys: 1,234 of 5,000 users, 24.8 calls per second, about 2 minutes left", 1234, 5000},
		"some failed": {with(first, func(p *iamsvc.Progress) { p.UsersFailed, p.Rate, p.Remaining = 2, 0, 0 }),
			"Reading access keys: 1,234 of 5,000 users; 2 could not be read", 1234, 5000},
		"just begun": {iamsvc.Progress{Reading: true, Rate: 3}, "Reading the account", 0, 0},
		"again":      {again, "Looking for changes: 3 of 17 calls, 2,000 calls per second, a few seconds left", 3, 17},
		"the rest of a first one": {with(again, func(p *iamsvc.Progress) { p.Again, p.Rate, p.Remaining = false, 0, 0 }),
			"Reading groups and last use: 3 of 17 calls", 3, 17},
		"again, some failed before, who are tried again": {with(again, func(p *iamsvc.Progress) { p.UsersRead, p.UsersFailed, p.Rate, p.Remaining = 4998, 2, 0, 0 }),
			"Reading access keys: 4,998 of 5,000 users; 2 could not be read", 4998, 5000},
		"all failed": {with(first, func(p *iamsvc.Progress) { p.UsersRead, p.UsersFailed, p.Rate, p.Remaining = 0, 5000, 0, 0 }),
			"Reading access keys: 0 of 5,000 users; 5,000 could not be read", 0, 5000},
		"again, size unknown": {iamsvc.Progress{Reading: true, Again: true, Users: 5, UsersRead: 5}, "Looking for changes", 0, 0},
		"some not allowed": {iamsvc.Progress{Users: 10, UsersRead: 5, UsersFailed: 5, UsersDenied: 3},
			"5 of 10 users read; 5 could not be read, 3 of them because " + lacking, 5, 10},
		"none allowed": {iamsvc.Progress{Users: 10, UsersFailed: 10, UsersDenied: 10},
			"0 of 10 users read; 10 could not be read: " + lacking, 0, 10},
		"paused": {with(first, func(p *iamsvc.Progress) { p.Paused = true }), "Paused: 1,234 of 5,000 users read", 1234, 5000},
		"paused while all is known": {with(again, func(p *iamsvc.Progress) { p.Paused, p.UsersRead, p.UsersFailed = true, 4998, 2 }),
			"Paused: 4,998 of 5,000 users read; 2 could not be read", 4998, 5000},
		"paused between readings": {iamsvc.Progress{Paused: true, Users: 5, UsersRead: 5}, "Paused: 5 of 5 users read", 5, 5},
		"paused before anything":  {iamsvc.Progress{Paused: true}, "Paused", 0, 0},
		"done":                    {iamsvc.Progress{Users: 5000, UsersRead: 5000, Done: 17, Total: 17}, "5,000 of 5,000 users read", 5000, 5000},
		"done, some failed": {iamsvc.Progress{Users: 5000, UsersRead: 4998, UsersFailed: 2},
			"4,998 of 5,000 users read; 2 could not be read", 4998, 5000},
	} {
		value, most := readingShare(test.progress)
		if got := readingText(test.progress); got != test.want || value != test.value || most != test.most {
			t.Errorf("%s: %q, %d of %d; want %q, %d of %d", name, got, value, most, test.want, test.value, test.most)
		}
	}
}

func TestTimeLeft(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-time.Second: "", 0: "", time.Second: ", a few seconds left", 12 * time.Second: ", about 10 seconds left",
		54 * time.Second: ", about 50 seconds left", 56 * time.Second: ", about 1 minute left", 89 * time.Second: ", about 1 minute left",
		91 * time.Second: ", about 2 minutes left", 89 * time.Minute: ", about 89 minutes left", 2 * time.Hour: ", about 2 hours left",
	} {
		if got := timeLeft(d); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
}

func TestCallRate(t *testing.T) {
	t.Parallel()
	for rate, want := range map[float64]string{
		0: "", 0.04: "", 0.5: ", 0.5 calls per second", 24.84: ", 24.8 calls per second", 2000: ", 2,000 calls per second",
	} {
		if got := callRate(rate); got != want {
			t.Errorf("%v: %q, want %q", rate, got, want)
		}
	}
}

// A bar that is always there is looked at by nobody.
func TestReadingBarShowsWhatThereIsToKnow(t *testing.T) {
	t.Parallel()
	whole := iamsvc.Progress{Users: 40, UsersRead: 40}
	if bar := newReading(whole, "1", listUsers); bar != (views.Reading{}) {
		t.Errorf("all is read, and there is %+v", bar)
	}
	failed := iamsvc.Progress{Users: 40, UsersRead: 38, UsersFailed: 2}
	if bar := newReading(failed, "1", listUsers); bar.StreamURL != "" || !strings.Contains(bar.Text, "38 of 40") || bar.FailedURL != "/accounts/1/users?keys=unread" {
		t.Errorf("two could not be read, and there is %+v", bar)
	}
	if failed.UsersDenied = 1; newReading(failed, "1", listUsers).RefreshURL == "" {
		t.Error("one of two can be tried again, and that is not offered")
	}
	if failed.UsersDenied = 2; newReading(failed, "1", listUsers).RefreshURL != "" {
		t.Error("another try is offered, which would be refused again")
	}
	for list, part := range map[string]string{listUsers: "#users-table", listKeys: "#keys-table", listDashboard: "#dashboard-body"} {
		bar := newReading(iamsvc.Progress{Reading: true, Users: 40, Total: 40}, "1", list)
		if bar.StreamURL != "/accounts/1/inventory/progress" || !strings.Contains(bar.Parts, part) {
			t.Errorf("%s while reading: %+v", list, bar)
		}
	}
	if bar := newReading(iamsvc.Progress{Paused: true, Users: 40, UsersRead: 40}, "1", listUsers); bar.StreamURL == "" || !bar.Paused {
		t.Errorf("paused, and there is %+v", bar)
	}
}

func TestComeBackIn(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]iamsvc.Progress{
		"":   {Users: 2, UsersRead: 1},
		"10": {Reading: true, Users: 2, UsersRead: 1},
		"60": {Reading: true, Users: 2, UsersRead: 1, UsersFailed: 1},
	} {
		if got := comeBackIn(p, true); got != want {
			t.Errorf("%+v: %q, want %q", p, got, want)
		}
	}
	if got := comeBackIn(iamsvc.Progress{Reading: true, Users: 2}, false); got != "60" {
		t.Errorf("a page on which nothing is missing comes back after %q", got)
	}
	if got := comeBackIn(iamsvc.Progress{Reading: true, Paused: true, Users: 2}, true); got != "" {
		t.Errorf("a paused page comes back after %q", got)
	}
}

func TestStreamsAreLimited(t *testing.T) {
	t.Parallel()
	var s Streams
	var ends []func()
	for range streamsPerSession {
		end, ok := s.open("one")
		if !ok {
			t.Fatal("a session gets too few streams")
		}
		ends = append(ends, end)
	}
	if _, ok := s.open("one"); ok {
		t.Error("a session gets any number of streams")
	}
	if _, ok := s.open("two"); !ok {
		t.Error("one session takes the streams of another")
	}
	for _, end := range ends {
		end()
	}
	for i := range streamsInAll - 1 {
		if _, ok := s.open(string(rune('a' + i))); !ok {
			t.Fatalf("there are only %d streams", i+1)
		}
	}
	if _, ok := s.open("one"); ok {
		t.Error("there is no end of streams")
	}
}
