package iamsvc

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"keydesk/iamsvc/localaccount"
)

const reportHeader = "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated"

var reportTime = time.Date(2026, 9, 11, 14, 0, 0, 0, time.UTC)

func day(d int) time.Time { return time.Date(2026, 1, d, 8, 0, 0, 0, time.UTC) }

func TestParseReport(t *testing.T) {
	t.Parallel()
	r, err := parseReport([]byte(reportHeader+`
<root_account>,arn:aws:iam::123456789012:root,2020-01-01T00:00:00Z,not_supported,2026-01-01T00:00:00+00:00,not_supported,not_supported,true,false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A
ann,arn:aws:iam::123456789012:user/ann,2026-01-01T08:00:00Z,TRUE,no_information,2026-01-02T08:00:00Z,N/A,false,true,2026-01-03T08:00:00Z,2026-01-05T08:00:00Z,us-east-1,sts,false,2026-01-04T08:00:00Z,N/A,N/A,N/A,true,2026-01-01T00:00:00Z,false,N/A`), reportTime, 9)
	if err != nil || len(r.Rows) != 2 || !r.Rows[0].IsRoot || r.Rows[1].IsRoot || r.Rows[0].PasswordEnabled != Unknown || r.Rows[0].MFA != Yes {
		t.Fatalf("%+v %v", r.Rows, err)
	}
	u := r.Rows[1]
	if u.User != "ann" || !u.Created.Equal(day(1)) || u.PasswordEnabled != Yes || !u.PasswordLastUsed.IsZero() || !u.PasswordChanged.Equal(day(2)) ||
		u.MFA != No || u.SigningCerts != 1 || len(u.Slots) != 2 {
		t.Errorf("%+v", u)
	}
	if s := u.Slots[0]; !s.Active || !s.LastUsed.Equal(day(5)) || s.Region != "us-east-1" || s.Service != "sts" || s.NotUsed {
		t.Errorf("slot 1 %+v", s)
	}
	if s := u.Slots[1]; s.Active || !s.LastRotated.Equal(day(4)) || !s.NotUsed || !s.LastUsed.IsZero() {
		t.Errorf("an inactive, never used key: %+v", s)
	}
}

// Columns are found by name: another order, an extra one, some missing.
func TestParseReportByName(t *testing.T) {
	t.Parallel()
	r, err := parseReport([]byte("additional_credentials_info,MFA_Active,user,access_key_1_last_rotated,access_key_1_last_used_date\nx,true,ann,2026-01-03T08:00:00Z,no_information\nshort"), reportTime, 9)
	if err != nil || len(r.Rows) != 2 {
		t.Fatal(r.Rows, err)
	}
	u := r.Rows[0]
	if u.User != "ann" || u.MFA != Yes || u.PasswordEnabled != Unknown || u.SigningCerts != -1 || len(u.Slots) != 1 || !u.Slots[0].LastUsed.IsZero() || u.Slots[0].NotUsed {
		t.Errorf("%+v", u)
	}
	for _, broken := range []string{"", "a,b\n1,2", "user\n\"x"} {
		if _, err := parseReport([]byte(broken), reportTime, 9); err == nil {
			t.Errorf("%q passes for a report", broken)
		}
	}
}

func TestSlotsAreMatchedNotGuessed(t *testing.T) {
	t.Parallel()
	slot := func(active bool, created, used time.Time) ReportSlot {
		return ReportSlot{Active: active, LastRotated: created, LastUsed: used, NotUsed: used.IsZero()}
	}
	key := func(id string, s KeyStatus, created time.Time) AccessKey {
		return AccessKey{ID: id, Status: s, Created: created}
	}
	never := time.Time{}
	tests := []struct {
		name  string
		slots []ReportSlot
		keys  []AccessKey
		want  []any // day of use, "never" or "ask"
	}{
		{"order of slots is not order of age", []ReportSlot{slot(true, day(9), day(10)), slot(true, day(1), day(2))},
			[]AccessKey{key("A", KeyActive, day(1)), key("B", KeyActive, day(9))}, []any{2, 10}},
		{"same second", []ReportSlot{slot(true, day(1), day(2)), slot(false, day(1), never)},
			[]AccessKey{key("A", KeyActive, day(1)), key("B", KeyInactive, day(1))}, []any{"ask", "ask"}},
		{"inactive keeps its date", []ReportSlot{slot(false, day(1), never)}, []AccessKey{key("A", KeyInactive, day(1))}, []any{"never"}},
		{"deactivated since", []ReportSlot{slot(true, day(1), day(2))}, []AccessKey{key("A", KeyInactive, day(1))}, []any{"ask"}},
		{"newer than the report", []ReportSlot{slot(true, day(1), day(2))}, []AccessKey{key("A", KeyActive, day(1)), key("B", KeyActive, day(30))}, []any{2, "ask"}},
		{"third key", []ReportSlot{slot(true, day(1), day(2)), slot(true, day(3), day(4))},
			[]AccessKey{key("A", KeyActive, day(1)), key("B", KeyActive, day(3)), key("C", KeyActive, day(5))}, []any{2, 4, "ask"}},
		{"as old as the report", []ReportSlot{slot(true, reportTime, never)}, []AccessKey{key("A", KeyActive, reportTime)}, []any{"ask"}},
		{"newer than the report, and used", []ReportSlot{slot(true, day(300), day(301))}, []AccessKey{key("A", KeyActive, day(300))}, []any{day(301).Day()}},
		{"no creation date", []ReportSlot{slot(true, day(1), day(2))}, []AccessKey{key("A", KeyActive, never)}, []any{"ask"}},
		{"report says nothing", []ReportSlot{{Active: true, LastRotated: day(1)}}, []AccessKey{key("A", KeyActive, day(1))}, []any{"ask"}},
		{"twins, one in the report", []ReportSlot{slot(true, day(1), day(2))}, []AccessKey{key("A", KeyActive, day(1)), key("B", KeyActive, day(1))}, []any{"ask", "ask"}},
	}
	for _, tt := range tests {
		for i, k := range tt.keys {
			report := reportReading{CredentialReport: CredentialReport{Generated: reportTime}, Made: reportTime}
			got := report.lastUsed(ReportRow{Slots: tt.slots}, k, tt.keys)
			var said any = "ask"
			switch {
			case got.Never(reportTime):
				said = "never"
			case got.Current(reportTime):
				said = got.At.Day()
			}
			if said != tt.want[i] {
				t.Errorf("%s, key %s: %v, want %v", tt.name, k.ID, said, tt.want[i])
			}
		}
	}
}

func TestRowOfAnEarlierUserOfTheName(t *testing.T) {
	t.Parallel()
	row := ReportRow{User: "ann", Created: day(1)}
	if !row.matchesUser(User{Name: "ann", Created: day(1)}) || row.matchesUser(User{Name: "ann", Created: day(2)}) {
		t.Error("rows are told apart by name alone")
	}
}

func TestReportLifecycle(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	ctx := context.Background()
	_, err := l.CredentialReport(ctx)
	wantIs(t, err, ErrReportNotPresent)
	l.server.Trouble().SetReportTime(30 * time.Millisecond)
	state, err := l.GenerateCredentialReport(ctx)
	if err != nil || state.State != "STARTED" || !strings.Contains(state.Description, "No report exists") {
		t.Fatalf("%+v %v", state, err)
	}
	for {
		r, err := l.CredentialReport(ctx)
		if errors.Is(err, ErrReportInProgress) {
			continue
		}
		if err != nil || r.Generated.IsZero() || strings.Join(r.Header, ",") != reportHeader || !r.Rows[0].IsRoot || len(r.Rows) < 100 {
			t.Fatalf("%v %v %v", r.Header, len(r.Rows), err)
		}
		break
	}
}

func TestReportExpires(t *testing.T) {
	t.Parallel()
	a, _, _ := openForeign(t, answers{"GetCredentialReport": fails(410, "ReportExpired", "Unknown")})
	_, err := a.CredentialReport(context.Background())
	wantIs(t, err, ErrReportExpired)
}
