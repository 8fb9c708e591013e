package localaccount

import (
	"encoding/csv"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// reportNow orders a report and waits for it.
func reportNow(t *testing.T, a *Account, c *iam.Client) *iam.GetCredentialReportOutput {
	t.Helper()
	a.Trouble().SetReportTime(time.Nanosecond)
	if _, err := c.GenerateCredentialReport(t.Context(), &iam.GenerateCredentialReportInput{}); err != nil {
		t.Fatal(err)
	}
	var got *iam.GetCredentialReportOutput
	eventually(t, "the report is there", func() (done bool) {
		var err error
		got, err = c.GetCredentialReport(t.Context(), &iam.GetCredentialReportInput{})
		return err == nil
	})
	return got
}

func TestCredentialReportLife(t *testing.T) {
	t.Parallel()
	clock := &manualClock{now: time.Now().Truncate(time.Second)}
	a := open(t, Options{Now: clock.Now})
	c := admin(a)
	get := func() (*iam.GetCredentialReportOutput, error) {
		return c.GetCredentialReport(t.Context(), &iam.GetCredentialReportInput{})
	}
	generate := func() *iam.GenerateCredentialReportOutput {
		t.Helper()
		out, err := c.GenerateCredentialReport(t.Context(), &iam.GenerateCredentialReportInput{})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	_, err := get()
	wantError(t, err, http.StatusGone, "ReportNotPresent", "Unknown")

	a.Trouble().SetReportTime(time.Hour)
	started := generate()
	if started.State != "STARTED" || aws.ToString(started.Description) != "No report exists. Starting a new report generation task" {
		t.Errorf("first = %v %v", started.State, aws.ToString(started.Description))
	}
	_, err = get()
	wantError(t, err, http.StatusNotFound, "ReportInProgress", "Unknown")
	if again := generate(); again.State != "INPROGRESS" || again.Description != nil {
		t.Errorf("meanwhile = %v %v", again.State, again.Description)
	}

	a.store.mu.Lock()
	a.store.report.Ready = time.Now() // the hour is over
	a.store.mu.Unlock()
	first, err := get()
	if err != nil || *first.GeneratedTime != clock.Now().UTC() || first.ReportFormat != "text/csv" {
		t.Fatalf("report = %v, %v", first, err)
	}
	createUserNamed(t, c, "too.late")
	clock.Advance(4*time.Hour - time.Second)
	if done := generate(); done.State != "COMPLETE" || done.Description != nil {
		t.Errorf("within four hours = %v %v", done.State, done.Description)
	}
	if same, err := get(); err != nil || string(same.Content) != string(first.Content) {
		t.Errorf("the stored report changed: %v", err)
	}
	clock.Advance(time.Second)
	_, err = get()
	wantError(t, err, http.StatusGone, "ReportExpired", "The most recent credential report has expired. Generate a new credential report.")
	if next := reportNow(t, a, c); !strings.Contains(string(next.Content), "too.late") {
		t.Error("the new report does not see the new user")
	}
}

func TestCredentialReportContent(t *testing.T) {
	t.Parallel()
	a := open(t, Options{Now: fixedClock, Users: 130})
	content := string(reportNow(t, a, admin(a)).Content)
	if strings.HasSuffix(content, "\n") || strings.Contains(content, "\r") {
		t.Error("lines must end in LF, the last one in nothing")
	}
	rows, err := csv.NewReader(strings.NewReader(content)).ReadAll()
	if err != nil || len(rows) != 132 || len(rows[0]) != 22 {
		t.Fatalf("%d rows of %d columns, %v", len(rows), len(rows[0]), err)
	}
	if strings.Join(rows[0], ",") != "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active,"+
		"access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,"+
		"access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,"+
		"cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated" {
		t.Errorf("header = %s", rows[0])
	}
	root := strings.Join(rows[1], ",")
	if !strings.HasPrefix(root, "<root_account>,arn:aws:iam::123456789012:root,2017") || !strings.HasSuffix(root, ",not_supported,true,"+
		"false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A") {
		t.Errorf("root = %s", root)
	}
	byName := map[string][]string{}
	var names []string
	for _, row := range rows[2:] {
		byName[row[0]], names = row, append(names, strings.ToLower(row[0]))
	}
	if !slices.IsSorted(names) {
		t.Errorf("users are not in order: %v", names)
	}
	for name, want := range map[string]string{
		"li.juan":               "true,no_information,*,N/A,false,false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A",
		"backup-agent":          "false,N/A,N/A,N/A,false,true,*,*,N/A,s3,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A",
		"svc-git-mirror":        "false,N/A,N/A,N/A,false,false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,true,*,false,N/A",
		"nikki.wolf":            "false,N/A,N/A,N/A,false,false,*,*,us-west-2,s3,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A",
		"mateo.jackson":         "true,*,*,N/A,true,true,*,*,us-east-1,iam,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A",
		"wei.zhang":             "true,*,*,N/A,false,false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,*,true,*",
		"svc-legacy-ftp-bridge": "false,N/A,N/A,N/A,false,*,*,N/A,N/A,N/A,*,*,N/A,N/A,N/A,false,N/A,false,N/A",
	} {
		wantRow(t, name, byName[name][3:], strings.Split(want, ","))
	}
	comma := byName["svc+deploy=prod,eu.west@corp_1-x"]
	if len(comma) != 22 || comma[1] != "arn:aws:iam::123456789012:user/apps/payments/svc+deploy=prod,eu.west@corp_1-x" {
		t.Errorf("a name with a comma = %v", comma)
	}
}

// wantRow compares; * stands for a date.
func wantRow(t *testing.T, name string, got, want []string) {
	t.Helper()
	for i := range want {
		ok := got[i] == want[i]
		if want[i] == "*" {
			_, err := time.Parse(time.RFC3339, got[i])
			ok = err == nil || got[i] == "true" || got[i] == "false"
		}
		if !ok {
			t.Errorf("%s, %s = %q, want %q", name, reportHeader[i+3], got[i], want[i])
		}
	}
}

func TestReportSlotsGoByKeyID(t *testing.T) {
	t.Parallel()
	a := open(t, Options{})
	rotating := a.store.roster().find("ci-deploy-prod")
	for i, key := range rotating.Keys {
		row := a.reportRow(rotating, time.Now())
		if got := row[9+5*i]; got != stamp(key.Created) {
			t.Errorf("slot %d = %s, want the key %s of %s", i+1, got, key.ID, stamp(key.Created))
		}
	}
	if rotating.Keys[0].ID >= rotating.Keys[1].ID {
		t.Error("keys are not in the order of their IDs")
	}
}

func TestReportOutlivesARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a := openIn(t, dir, Options{})
	before := reportNow(t, a, admin(a))
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	after, err := admin(openIn(t, dir, Options{})).GetCredentialReport(t.Context(), &iam.GetCredentialReportInput{})
	if err != nil || string(after.Content) != string(before.Content) || !after.GeneratedTime.Equal(*before.GeneratedTime) {
		t.Errorf("report after a restart: %v", err)
	}
}
