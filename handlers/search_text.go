package handlers

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"keydesk/iamsvc/paste"
)

// pastedText is the text of the search form: what is in its box, then the file.
// It reads one byte more than is searched, so that the answer can say that
// there was more; a text that is too long is not refused, since it would be lost.
func pastedText(r *http.Request) (string, error) {
	form, err := r.MultipartReader()
	if errors.Is(err, http.ErrNotMultipart) {
		return r.PostFormValue("q"), nil
	}
	if err != nil {
		return "", err
	}
	var texts []string
	rest := int64(paste.MaxBytes + 1)
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return strings.Join(texts, "\n"), nil
		}
		if err != nil {
			return textSoFar(texts, err)
		}
		text, err := partText(part, rest)
		if rest -= int64(len(text)); text != "" {
			texts = append(texts, text)
		}
		if err != nil {
			return textSoFar(texts, err)
		}
	}
}

// textSoFar is what was read of a form that is longer than anything that is
// received here. Any other fault leaves a form that says nothing.
func textSoFar(texts []string, err error) (string, error) {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) && len(texts) > 0 {
		return strings.Join(texts, "\n"), nil
	}
	return "", err
}

// partText reads the box or the file up to the limit, and skips what follows,
// so that the browser has sent everything when the answer comes.
func partText(part *multipart.Part, limit int64) (string, error) {
	if part.FormName() != "q" && part.FormName() != "file" {
		return "", nil
	}
	var b strings.Builder
	if content, err := plainContent(part); err == nil {
		_, _ = io.Copy(&b, io.LimitReader(content, limit)) // a damaged file is searched as far as it goes
	}
	_, err := io.Copy(io.Discard, part)
	return b.String(), err
}

// plainContent unpacks a log that CloudTrail has packed, and reads what Windows
// saves as UTF-16.
func plainContent(r io.Reader) (io.Reader, error) {
	b := bufio.NewReader(r)
	if start, _ := b.Peek(3); string(start) == "\x1f\x8b\x08" {
		unpacked, err := gzip.NewReader(b)
		if err != nil {
			return nil, err
		}
		b = bufio.NewReader(unpacked)
	}
	return transform.NewReader(b, unicode.BOMOverride(transform.Nop)), nil
}

// searchedNotice says how far a text was searched that is too long.
func searchedNotice(t paste.Text) string {
	if !t.Cut {
		return ""
	}
	return fmt.Sprintf("The text was cut at %s characters: what follows was not searched. Search for the rest separately.", thousands(t.Searched))
}
