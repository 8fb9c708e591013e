package handlers

import (
	"fmt"
	"iter"
	"net/http"
	"time"

	"keydesk/iamsvc"
	"keydesk/iamsvc/paste"
	"keydesk/web/csvfile"
)

// DownloadCSV answers a look-up of several IDs and names as a file. It is asked
// by a form, since key IDs don't belong into addresses.
func (s Search) DownloadCSV(w http.ResponseWriter, r *http.Request) error {
	text, err := pastedText(r)
	if err != nil {
		return err
	}
	account := s.currentAccount(r)
	found := account.LookUpParts(text)
	if err := s.recordAll(r, lookUpEvents(account.ID(), found)); err != nil {
		return err
	}
	now := s.Now()
	f := file{
		about: record{{"account", account.ID()}, {"as_of", found.AsOf}},
		blank: answerRecord(now, iamsvc.Answer{}, iamsvc.KeyMatch{}, ""),
		rows:  answerRecords(now, found.Answers),
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="look-up_%s_%s.csv"`, account.ID(), now.UTC().Format(time.DateOnly)))
	return f.writeCSV(csvfile.NewWriter(w))
}

// answerRecords has the misses first, as the page has.
func answerRecords(now time.Time, answers []iamsvc.Answer) iter.Seq[record] {
	return func(yield func(record) bool) {
		for _, missed := range []bool{true, false} {
			for _, a := range answers {
				if a.Found() == missed {
					continue
				}
				for _, row := range recordsOf(now, a) {
					if !yield(row) {
						return
					}
				}
			}
		}
	}
}

func recordsOf(now time.Time, a iamsvc.Answer) (rows []record) {
	for _, m := range a.Keys {
		rows = append(rows, answerRecord(now, a, m, "found"))
	}
	for _, u := range a.Users {
		rows = append(rows, answerRecord(now, a, iamsvc.KeyMatch{Owner: u}, "found"))
	}
	if len(rows) == 0 {
		rows = append(rows, answerRecord(now, a, iamsvc.KeyMatch{}, missCode(a)))
	}
	return rows
}

func answerRecord(now time.Time, a iamsvc.Answer, m iamsvc.KeyMatch, answer string) record {
	asked := a.Part.Text
	if a.Part.Kind == paste.MaskedKeyID {
		asked = maskedText(a.Part)
	}
	home, hasHome := paste.AccountOfKey(a.Part.Text)
	used := m.Key.LastUsed
	return record{
		{"searched_for", untrusted(asked)},
		{"kind", string(a.Part.Kind)},
		{"answer", answer},
		{"access_key_id", ifKnown(untrusted(m.KeyID), m.KeyID != "")},
		{"user_name", ifKnown(untrusted(m.Owner.Name), m.Owner.Name != "")},
		{"status", ifKnown(untrusted(m.Key.Status), m.Key.Status != "")},
		{"created", m.Key.Created},
		{"last_used", used.At},
		{"last_used_known", ifKnown(used.Current(now), m.KeyID != "")},
		{"last_used_checked", used.AsOf()},
		{"last_used_service", ifKnown(untrusted(used.Service), !used.At.IsZero())},
		{"last_used_region", ifKnown(untrusted(used.Region), !used.At.IsZero())},
		{"quarantined", ifKnown(m.Quarantined, m.KeyID != "")},
		{"account_in_id", ifKnown(home, hasHome)},
		{"did_you_mean", texts(nearTexts(a.Near))},
	}
}

// missCode says why there is no key and no user.
func missCode(a iamsvc.Answer) string {
	switch {
	case a.Elsewhere:
		return "other_account"
	case a.NotSearched:
		return "not_searched"
	case a.Part.Kind == paste.TemporaryKeyID:
		return "temporary"
	}
	return "not_found"
}

func nearTexts(near []iamsvc.NearMatch) (texts []string) {
	for _, n := range near {
		texts = append(texts, orElse(n.KeyID, n.User.Name))
	}
	return texts
}
