package handlers

import (
	"net/url"
	"testing"
	"time"

	"keydesk/web/audit"
)

func TestAuditQuery(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "/audit-log",
		"actor=+maria+&user=a%2Bb&outcome=ok&page=3":     "/audit-log?actor=maria&outcome=ok&page=3&user=a%2Bb",
		"key=AKIAIOSFODNN7EXAMPLE":                       "/audit-log?key=7EXAMPLE",
		"key=xample":                                     "/audit-log?key=XAMPLE",
		"from=2031-05-01&to=2031-05-31":                  "/audit-log?from=2031-05-01&to=2031-05-31",
		"from=05/01/2031&to=9999-99-99&page=-1":          "/audit-log",
		"actor=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY": "/audit-log",
		"user=a%00b": "/audit-log",
		"verify":     "/audit-log?verify=yes",
	} {
		v, err := url.ParseQuery(in)
		if err != nil {
			t.Fatal(err)
		}
		if got := parseAuditQuery(v).at(auditLogPath); got != want {
			t.Errorf("%q leads to %q, want %q", in, got, want)
		}
	}
	f := parseAuditQuery(url.Values{"to": {"2031-05-31"}}).filter()
	if want := time.Date(2031, 6, 1, 0, 0, 0, 0, time.UTC); !f.To.Equal(want) {
		t.Errorf("the last day ends at %s, want %s", f.To, want)
	}
}

func TestAuditResult(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		e          audit.Event
		kind, text string
	}{
		{audit.Event{Phase: audit.PhaseAttempt}, "", "Started"},
		{audit.Event{Phase: audit.PhaseEvent}, "", none},
		{audit.Event{Phase: audit.PhaseOutcome, Outcome: audit.OutcomeOK}, "success", "Succeeded"},
		{audit.Event{Phase: audit.PhaseOutcome, Outcome: audit.OutcomeFailed, ErrorCode: "NoSuchEntity"}, "error", "Failed (NoSuchEntity)"},
		{audit.Event{Phase: audit.PhaseOutcome, Outcome: audit.OutcomeUnknown}, "warning", "Unknown"},
		{audit.Event{Phase: audit.PhaseOutcome, Outcome: audit.OutcomeUndelivered}, "warning", "Not delivered"},
	} {
		if got := auditResult(c.e); got.Kind != c.kind || got.Text != c.text {
			t.Errorf("%+v reads %+v", c.e, got)
		}
	}
}

// The words are for people; addresses keep the stored values.
func TestAuditResultsInTheFilter(t *testing.T) {
	t.Parallel()
	options := auditQuery{Outcome: "failed"}.form().Outcomes
	if len(options) != 1+len(auditOutcomes) {
		t.Fatalf("options %+v", options)
	}
	for i, o := range options[1:] {
		if o.Value != auditOutcomes[i] || o.Text != (audit.Event{Outcome: o.Value}).Result() || o.Text == o.Value || o.Selected != (o.Value == "failed") {
			t.Errorf("option %+v", o)
		}
	}
	if last := (auditQuery{Outcome: "from elsewhere"}).form().Outcomes; last[len(last)-1].Text != "from elsewhere" || !last[len(last)-1].Selected {
		t.Errorf("options %+v", last)
	}
}

func TestBrowserName(t *testing.T) {
	t.Parallel()
	for agent, want := range map[string]string{
		"": "Unknown browser",
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36":                            "Chrome on Linux",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0":    "Edge on Windows",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 15_1) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15":               "Safari on macOS",
		"Mozilla/5.0 (Android 15; Mobile; rv:153.0) Gecko/153.0 Firefox/153.0":                                                             "Firefox on Android",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile Safari/604.1": "Safari on iPhone",
		"curl/8.5.0":        "curl",
		"something/1.0 new": "something/1.0 new",
	} {
		if got := browserName(agent); got != want {
			t.Errorf("%q is %q, want %q", agent, got, want)
		}
	}
}
