package web

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"keydesk/web/session"
)

type contextKey int

const (
	requestIDKey contextKey = iota
	formUseKey
	heldPageKey
	userErrorKey
)

// RequestID names the request in the log, the journal and on error pages. It
// is always made here: a client's own header could forge a log line.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey).(string)
	return id
}

const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
	"font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types app"

// securityHeaders are the same for all responses, which share the values: Set and
// Add replace them in one response, and change none here.
var securityHeaders = http.Header{
	"Content-Security-Policy":      {contentSecurityPolicy},
	"X-Content-Type-Options":       {"nosniff"},
	"Referrer-Policy":              {"no-referrer"},
	"Cross-Origin-Opener-Policy":   {"same-origin"},
	"Cross-Origin-Resource-Policy": {"same-origin"},
	"Permissions-Policy":           {"camera=(), geolocation=(), microphone=(), payment=(), usb=()"},
	"X-Frame-Options":              {"DENY"},
	"Cache-Control":                {"no-store"},
}

// withSecurityHeaders is outermost, so that 404, 405, 413 and panics carry the
// headers too.
func (s *site) withSecurityHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		maps.Copy(h, securityHeaders)
		if s.Secure || session.Secure(r.Context()) {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// statusWriter remembers what was answered, for the access log.
type statusWriter struct {
	http.ResponseWriter
	status int
	bytes  int
}

func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += n
	return n, err
}

// Flush is for gzhttp, which asks its writer for it and does not unwrap.
func (w *statusWriter) Flush() {
	_ = http.NewResponseController(w.ResponseWriter).Flush() // the next write fails too
}

// Unwrap lets http.ResponseController set deadlines.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// withAccessLog names the request, and writes one line about it with the route's
// pattern in place of the path: names, searches and the first-run link stay out of
// the log.
func (s *site) withAccessLog(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		id := strings.ToLower(rand.Text()[:16])
		w.Header().Set("X-Request-Id", id)
		sw := &statusWriter{ResponseWriter: w}
		// chi fills the pattern into the route context that it finds, so the
		// context must be there before the router runs.
		rctx := chi.NewRouteContext()
		rctx.Routes = s.router // GetHead looks a HEAD's GET up in it
		ctx := context.WithValue(r.Context(), requestIDKey, id)
		r = r.WithContext(context.WithValue(ctx, chi.RouteCtxKey, rctx))
		next.ServeHTTP(sw, r)
		if strings.HasPrefix(r.URL.Path, "/static/") {
			return
		}
		s.logRequest(ctx,
			slog.String("id", id),
			slog.String("method", r.Method),
			slog.String("route", rctx.RoutePattern()),
			slog.Int("status", sw.status),
			slog.Int("bytes", sw.bytes),
			slog.Duration("took", time.Since(start).Round(time.Microsecond)),
			slog.String("ip", clientIP(r)),
		)
	})
}

// logRequest does what slog.Logger would, without looking for the line of code that
// logs, which is always the same and takes as long as the rest.
func (s *site) logRequest(ctx context.Context, attrs ...slog.Attr) {
	h := s.Log.Handler()
	if !h.Enabled(ctx, slog.LevelInfo) {
		return
	}
	record := slog.NewRecord(time.Now(), slog.LevelInfo, "request", 0)
	record.AddAttrs(attrs...)
	_ = h.Handle(ctx, record) // as slog.Logger: where a log cannot be written, nothing can
}

// withRecover turns a panic into the 500 page. The panic's value may quote what
// the code was working on, a secret included, so only its type and the stack
// are logged.
func (s *site) withRecover(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if v == http.ErrAbortHandler {
				panic(v)
			}
			s.Log.Error("panic", "id", RequestID(r.Context()), "type", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
			s.fail(w, r, errPanic)
		}()
		next.ServeHTTP(w, r)
	})
}

// withBodyLimit bounds what is read of a request. Forms are parsed here, so
// that a body that is too large or malformed is answered before any handler runs.
func (s *site) withBodyLimit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, bodyLimit(r))
		if r.Method == http.MethodPost {
			if err := r.ParseForm(); err != nil {
				s.fail(w, r, &badForm{err})
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// bodyLimit is 8 KiB but for a few forms: a policy document, which IAM itself
// allows to be larger, and the look-up, which takes whole logs. What the look-up
// reads of them is less, and in pieces; the rest is received so that the browser
// gets the answer, and not a broken connection with the text lost.
func bodyLimit(r *http.Request) int64 {
	switch path := r.URL.Path; {
	case path == "/sign-in" || path == "/sign-in/oidc":
		return 64 << 10 // they carry what was typed into another form
	case path == "/search" || path == "/search.csv":
		return maxSearchBytes
	case strings.HasSuffix(path, "/create-user"):
		return 160 << 10
	}
	return maxBodyBytes
}

// clientIP is the peer's address, or what withForwarded has put in its place.
func clientIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
