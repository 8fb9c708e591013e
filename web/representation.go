package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"keydesk/handlers"
	"keydesk/views"
)

// isProgram reports whether no browser shows the answer to a person: browsers
// name text/html when they open a page, programs hardly ever do.
func isProgram(r *http.Request) bool {
	return !strings.Contains(strings.Join(r.Header.Values("Accept"), ","), "text/html")
}

// isDownload: a file is saved or read by a program, and a page in its place would
// be taken for it.
func isDownload(path string) bool {
	return strings.HasSuffix(path, ".csv") || wantsJSON(path)
}

func wantsJSON(text string) bool {
	return strings.HasSuffix(text, ".json") || strings.HasSuffix(text, ".jsonl")
}

// writeAnswer writes the answer to an error: a page, or for programs problem
// details (RFC 9457) or plain text.
func (s *site) writeAnswer(w http.ResponseWriter, r *http.Request, say answer) error {
	accept := strings.Join(r.Header.Values("Accept"), ",")
	switch {
	case !isProgram(r):
		return s.writePage(w, r, say)
	case strings.Contains(accept, "json"), wantsJSON(r.URL.Path):
		return writeProblem(w, r, say)
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(say.status)
	_, err := fmt.Fprintf(w, "%s. %s\nRequest ID: %s\n", say.title, say.text, RequestID(r.Context()))
	return err
}

func (s *site) writePage(w http.ResponseWriter, r *http.Request, say answer) error {
	shell, shellErr := s.base.Shell(w, r, handlers.Page{Title: say.title})
	shell.RequestID = RequestID(r.Context())
	if shellErr != nil {
		s.Log.Error("error page without its frame", "id", shell.RequestID, "error", shellErr.Error())
	}
	page := views.ErrorPage{Shell: shell, Status: say.status, Title: say.title, Text: say.text, Links: say.links, Entered: say.entered}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(say.status)
	return views.Error(page).Render(r.Context(), w)
}

func writeProblem(w http.ResponseWriter, r *http.Request, say answer) error {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(say.status)
	return json.NewEncoder(w).Encode(struct {
		Title     string `json:"title"`
		Status    int    `json:"status"`
		Detail    string `json:"detail"`
		RequestID string `json:"request_id"`
	}{say.title, say.status, say.text, RequestID(r.Context())})
}
