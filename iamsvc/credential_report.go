package iamsvc

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// CredentialReport is IAM's own report on all users, at most one in four
// hours. It names no access key IDs.
type CredentialReport struct {
	Generated time.Time // UTC; zero when the server did not say
	Raw       []byte    // the CSV as IAM gave it, for download
	Header    []string
	Rows      []ReportRow // the root user's first, if the server has one
}

// ReportRow is one user in the report. Columns are found by name: IAM may add
// some.
type ReportRow struct {
	Values           []string // in the order of Header
	User, ARN        string
	IsRoot           bool
	Created          time.Time
	PasswordEnabled  Tri
	PasswordLastUsed time.Time // zero: never, or no information
	PasswordChanged  time.Time
	MFA              Tri
	Slots            []ReportSlot // the access keys that exist; not in order of age
	SigningCerts     int          // active ones; -1 unknown
}

// ReportSlot is one access key in a report row.
type ReportSlot struct {
	Active      bool
	LastRotated time.Time // when the key was created; a change of status does not touch it
	LastUsed    time.Time // zero: no use on record, or the report does not say
	Region      string    // of the last use, as is Service
	Service     string
	NotUsed     bool // the report says "N/A": it knew of no use when it was made
}

// RootKeys is how many active access keys the report has of the root user; -1
// when it does not say.
func (r CredentialReport) RootKeys() int {
	for _, row := range r.Rows {
		if !row.IsRoot {
			continue
		}
		active := 0
		for _, s := range row.Slots {
			if s.Active {
				active++
			}
		}
		return active
	}
	return -1
}

// CredentialReport fetches the stored report: ErrReportNotPresent,
// ErrReportInProgress or ErrReportExpired when there is none to be had.
func (a *Account) CredentialReport(ctx context.Context) (CredentialReport, error) {
	r, _, err := a.credentialReport(ctx, a.interactive)
	return r, err
}

// credentialReport also returns the report's age by the server's own clock,
// which need not be Keydesk's; 0 when the server gives the report no date.
func (a *Account) credentialReport(ctx context.Context, l *lane) (CredentialReport, time.Duration, error) {
	out, seen, err := tracedCall(ctx, l, l.iam.GetCredentialReport, &iam.GetCredentialReportInput{})
	if err != nil {
		return CredentialReport{}, 0, err
	}
	r, err := parseReport(out.Content, utc(out.GeneratedTime), a.maxUsers)
	if errors.Is(err, ErrTooMuch) {
		return CredentialReport{}, 0, &CallError{Operation: "GetCredentialReport", Kind: err}
	}
	if err != nil {
		return r, 0, &CallError{Operation: "GetCredentialReport", Message: err.Error(), Kind: ErrUnsupported}
	}
	there := seen.date
	if there.IsZero() {
		there = a.now()
	}
	if r.Generated.IsZero() {
		return r, 0, nil
	}
	return r, there.Sub(r.Generated), nil
}

// ReportState is the answer to asking for a report: State is STARTED,
// INPROGRESS or COMPLETE. Within four hours IAM keeps the one it has.
type ReportState struct{ State, Description string }

// GenerateCredentialReport asks IAM for a report. It returns at once.
func (a *Account) GenerateCredentialReport(ctx context.Context) (ReportState, error) {
	return a.generateReport(ctx, a.interactive)
}

func (a *Account) generateReport(ctx context.Context, l *lane) (ReportState, error) {
	out, err := call(ctx, l, l.iam.GenerateCredentialReport, &iam.GenerateCredentialReportInput{})
	if err != nil {
		return ReportState{}, err
	}
	return ReportState{string(out.State), aws.ToString(out.Description)}, nil
}

func parseReport(content []byte, generated time.Time, maxUsers int) (CredentialReport, error) {
	report := CredentialReport{Generated: generated, Raw: content}
	r := csv.NewReader(bytes.NewReader(content))
	r.FieldsPerRecord = -1
	header, err := r.Read()
	if errors.Is(err, io.EOF) {
		return report, fmt.Errorf("the report is empty")
	}
	if err != nil {
		return report, fmt.Errorf("the report is not CSV")
	}
	report.Header = header
	column := map[string]int{}
	for i, name := range report.Header {
		column[strings.ToLower(strings.TrimSpace(name))] = i
	}
	if _, ok := column["user"]; !ok {
		return report, fmt.Errorf("the report has no column user")
	}
	for {
		values, err := r.Read()
		switch {
		case errors.Is(err, io.EOF):
			return report, nil
		case err != nil:
			return report, fmt.Errorf("the report is not CSV")
		case len(report.Rows) > maxUsers: // one is the root user's
			return report, &LimitError{What: thousands(maxUsers) + " users", Hint: "-max-users"}
		}
		report.Rows = append(report.Rows, newReportRow(reportValues{column, values, generated}))
	}
}

// reportValues reads one record by column name.
type reportValues struct {
	column    map[string]int
	values    []string
	generated time.Time
}

func (v reportValues) text(name string) string { return strings.TrimSpace(v.raw(name)) }

// raw is for names, which may begin or end with a space on other servers.
func (v reportValues) raw(name string) string {
	if i, ok := v.column[name]; ok && i < len(v.values) {
		return v.values[i]
	}
	return ""
}

// time reads a date; N/A, no_information, not_supported and nonsense are none.
func (v reportValues) time(name string) time.Time {
	text := v.text(name)
	if text == "" || text[0] < '0' || text[0] > '9' {
		return time.Time{} // most are; an error of time.Parse costs more than a date
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	return utc(&t)
}

func (v reportValues) tri(name string) Tri {
	switch strings.ToLower(v.text(name)) {
	case "true":
		return Yes
	case "false":
		return No
	}
	return Unknown
}

func newReportRow(v reportValues) ReportRow {
	row := ReportRow{
		Values: v.values, User: v.raw("user"), ARN: v.raw("arn"), IsRoot: v.text("user") == rootUserName,
		Created: v.time("user_creation_time"), PasswordEnabled: v.tri("password_enabled"),
		PasswordLastUsed: v.time("password_last_used"), PasswordChanged: v.time("password_last_changed"),
		MFA: v.tri("mfa_active"), SigningCerts: v.signingCerts(),
	}
	for _, prefix := range []string{"access_key_1_", "access_key_2_"} {
		if slot, ok := v.slot(prefix); ok {
			row.Slots = append(row.Slots, slot)
		}
	}
	return row
}

func (v reportValues) signingCerts() int {
	n := 0
	for _, name := range []string{"cert_1_active", "cert_2_active"} {
		switch v.tri(name) {
		case Unknown:
			return -1
		case Yes:
			n++
		}
	}
	return n
}

// slot reads one access key. An inactive key keeps its date (recorded, against
// the documentation), so the date says whether there is a key.
func (v reportValues) slot(prefix string) (ReportSlot, bool) {
	s := ReportSlot{Active: v.tri(prefix+"active") == Yes, LastRotated: v.time(prefix + "last_rotated")}
	if s.LastRotated.IsZero() {
		return s, false
	}
	s.LastUsed = v.time(prefix + "last_used_date")
	s.Region, s.Service = v.text(prefix+"last_used_region"), v.text(prefix+"last_used_service")
	s.NotUsed = strings.EqualFold(v.text(prefix+"last_used_date"), "N/A")
	return s, true
}
