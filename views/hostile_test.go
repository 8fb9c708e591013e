package views

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/a-h/templ"
	"golang.org/x/net/html"
)

// exported are all templates that other packages can render; TestEveryTemplateIsFilled
// finds the one that is missing.
var exported = map[string]any{
	"AbsoluteTime": AbsoluteTime, "AccessKeys": AccessKeys, "Alert": Alert, "AskAboutKey": AskAboutKey,
	"AuditEvent": AuditEvent, "AuditLog": AuditLog, "BarRows": BarRows, "BareLayout": BareLayout,
	"Checkbox": Checkbox, "ChooseUseCase": ChooseUseCase, "Codes": Codes, "ColumnsChart": ColumnsChart,
	"ConfirmPage": ConfirmPage, "Container": Container, "ContinueToProvider": ContinueToProvider, "CopyButton": CopyButton,
	"CopyFrom": CopyFrom, "CreateUser": CreateUser, "CredentialReport": CredentialReport, "Dashboard": Dashboard,
	"Dialog": Dialog, "EmptyState": EmptyState, "Error": Error, "ErrorSummary": ErrorSummary, "Figure": Figure,
	"FilterSelect": FilterSelect, "FirstRun": FirstRun, "FlashBar": FlashBar, "HiddenField": HiddenField, "Icon": Icon, "Input": Input,
	"KVList": KVList, "KVs": KVs, "Layout": Layout, "LocalAccount": LocalAccount, "LocalAccounts": LocalAccounts,
	"Menu": Menu, "MySessions": MySessions, "OwnAccessKeys": OwnAccessKeys, "PageHead": PageHead,
	"PageHeadInfo": PageHeadInfo, "Pager": Pager, "Pair": Pair, "PostForm": PostForm, "Preferences": Preferences, "Radio": Radio,
	"RadioTile": RadioTile, "ReadingBar": ReadingBar, "RetrieveAccessKey": RetrieveAccessKey, "Search": Search,
	"SearchInput": SearchInput, "SecretPage": SecretPage, "SecretText": SecretText,
	"SecurityCredentials": SecurityCredentials, "Select": Select, "SetDescriptionTag": SetDescriptionTag,
	"Settings": Settings, "SignIn": SignIn, "SignInCode": SignInCode, "StatusText": StatusText, "Steps": Steps,
	"Table": Table, "TableHead": TableHead, "Tabs": Tabs, "TextArea": TextArea, "TimeText": TimeText,
	"TokenField": TokenField, "UTCTime": UTCTime, "Unread": Unread, "UnsavedKeys": UnsavedKeys,
	"UserTables": UserTables, "Users": Users,
}

// hostileTexts are what people put into names where they can: each ends its
// surroundings in another way, or is a link that runs, or hides what follows.
var hostileTexts = []string{
	`"><script>alert(1)</script>`, `' onmouseover='alert(1)' x='`, `" autofocus onfocus="alert(1)`, `javascript:alert(1)`,
	`</title></textarea></script><img src=x onerror=alert(1)>`, `data:text/html,<script>alert(1)</script>`, `{{constructor.constructor("alert(1)")()}}`,
	"\u202e\u2066reversed", "\x01\x1b[2J\u0085", `<!--`, `]]><svg onload=alert(1)>`, `&lt;b&gt;&amp;&#34;`, "`${alert(1)}`", ` jAvAsCrIpT:alert(1)`,
	`%22%3E%0d%0aSet-Cookie:x`,
}

func hostileText(n int) string { return hostileTexts[n%len(hostileTexts)] + strconv.Itoa(n) }

func harmlessText(n int) string { return fmt.Sprintf("harmless%dtext", n) }

var harmlessMark = regexp.MustCompile(`harmless(\d+)text`)

// madeHostile is what a text of the harmless page must be on the hostile one.
func madeHostile(s string) string {
	return harmlessMark.ReplaceAllStringFunc(s, func(mark string) string {
		n, _ := strconv.Atoi(harmlessMark.FindStringSubmatch(mark)[1])
		return hostileText(n)
	})
}

// filler makes up arguments. Two with the same seed differ in the texts only.
type filler struct {
	t     *testing.T
	dice  *rand.Rand
	text  func(n int) string
	count int
	empty int // of eight texts, about so many
}

// words are those that templates choose by.
var words = []string{"success", "error", "warning", "error", "inactive", "progress", "current", "done", "ascending", "password", "dark", "compact", "num", "2026-01-02T03:04:05Z"}

func (f *filler) fill(v reflect.Value) {
	if drawn, ok := v.Addr().Interface().(*DrawnRow); ok {
		var cells []Cell
		f.fill(reflect.ValueOf(&cells).Elem())
		var err error
		if *drawn, err = DrawRow(cells); err != nil {
			f.t.Fatal(err)
		}
		return
	}
	switch v.Kind() {
	case reflect.String:
		f.count++
		switch chance := f.dice.IntN(8); {
		case chance == 0:
			v.SetString(words[f.dice.IntN(len(words))])
		case chance <= f.empty:
			v.SetString("")
		default:
			v.SetString(f.text(f.count))
		}
	case reflect.Bool:
		v.SetBool(f.dice.IntN(2) == 0)
	case reflect.Int:
		v.SetInt(int64(f.dice.IntN(4)))
	case reflect.Struct:
		for i := range v.NumField() {
			f.fill(v.Field(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), f.dice.IntN(4), 3))
		for i := range v.Len() {
			f.fill(v.Index(i))
		}
	case reflect.Pointer:
		if f.dice.IntN(3) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			f.fill(v.Elem())
		}
	case reflect.Interface:
		v.Set(reflect.ValueOf(f.child()))
	default:
		f.t.Fatalf("no way to fill a %s: add one", v.Type())
	}
}

// child stands for the content of a component.
func (f *filler) child() templ.Component {
	f.count++
	text := f.text(f.count)
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, "<i>"+templ.EscapeString(text)+"</i>")
		return err
	})
}

// page is a template with arguments made up by chance.
func page(t *testing.T, template any, seed uint64, text func(int) string) []html.Token {
	t.Helper()
	f := &filler{t: t, dice: rand.New(rand.NewPCG(seed, 1)), text: text, empty: int(seed%4) + 1}
	fn := reflect.ValueOf(template)
	var arguments []reflect.Value
	for i := range fn.Type().NumIn() {
		argument := reflect.New(fn.Type().In(i)).Elem()
		f.fill(argument)
		arguments = append(arguments, argument)
	}
	child := f.child()
	return tokens(t, render(t, fn.Call(arguments)[0].Interface().(templ.Component), child))
}

// tokens of a page. It is not parsed into a tree: that would move what is out of
// place, and hide it.
func tokens(t *testing.T, page string) []html.Token {
	t.Helper()
	var all []html.Token
	for z := html.NewTokenizer(strings.NewReader(page)); ; {
		if z.Next() == html.ErrorToken {
			if z.Err() != io.EOF {
				t.Fatal(z.Err())
			}
			return all
		}
		one := z.Token()
		if one.Type == html.StartTagToken && one.Data == "noscript" {
			z.NextIsNotRawText() // as where there is no JavaScript
		}
		all = append(all, one)
	}
}

// TestHostileTextChangesNothingButText fills every template by chance, once with
// harmless and once with hostile text, and compares the two: the same elements with
// the same attributes, and each text as it was given.
func TestHostileTextChangesNothingButText(t *testing.T) {
	t.Parallel()
	for name, template := range exported {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			texts := 0
			for seed := range uint64(40) {
				harmless, hostile := page(t, template, seed, harmlessText), page(t, template, seed, hostileText)
				texts += compare(t, harmless, hostile)
				if t.Failed() {
					t.Fatalf("with seed %d", seed)
				}
			}
			if texts == 0 {
				t.Error("no text given is on any page: this shows nothing")
			}
		})
	}
}

// compare returns how many texts are hostile.
func compare(t *testing.T, harmless, hostile []html.Token) (texts int) {
	t.Helper()
	for i, h := range hostile {
		if i >= len(harmless) || h.Type != harmless[i].Type || len(h.Attr) != len(harmless[i].Attr) {
			t.Errorf("token %d is %s", i, h)
			return texts
		}
		if want := madeHostile(harmless[i].Data); !strings.EqualFold(h.Data, want) { // a heading goes on in a sentence
			t.Errorf("token %d is %q, want %q", i, h.Data, want)
		} else if want != harmless[i].Data {
			texts++
		}
		for j, a := range h.Attr {
			texts += compareAttribute(t, h.Data, harmless[i].Attr[j], a)
		}
	}
	if len(hostile) < len(harmless) {
		t.Errorf("%s is missing", harmless[len(hostile)])
	}
	return texts
}

// addresses are the attributes a browser follows.
var addresses = []string{"href", "src", "action", "formaction", "poster", "srcset", "data", "ping", "background"}

func compareAttribute(t *testing.T, element string, harmless, hostile html.Attribute) (texts int) {
	t.Helper()
	if hostile.Key != harmless.Key {
		t.Errorf("<%s %s> was <%s %s>", element, hostile.Key, element, harmless.Key)
	}
	if strings.HasPrefix(hostile.Key, "on") || hostile.Key == "style" || hostile.Key == "srcdoc" {
		t.Errorf("<%s> has the attribute %s", element, hostile.Key)
	}
	want := madeHostile(harmless.Val)
	if slices.Contains(addresses, hostile.Key) {
		if runs(hostile.Val) {
			t.Errorf("<%s %s=%q>", element, hostile.Key, hostile.Val)
		}
		if runs(want) || strings.Contains(hostile.Val, "TemplFailedSanitizationURL") {
			return 0
		}
	}
	if hostile.Val != want {
		t.Errorf("<%s %s=%q>, want %q", element, hostile.Key, hostile.Val, want)
	}
	if want != harmless.Val {
		return 1
	}
	return 0
}

// runs reports whether a browser runs the address instead of going there. It drops
// spaces and control characters, as browsers do.
func runs(address string) bool {
	plain := strings.ToLower(strings.Map(func(c rune) rune {
		if c <= ' ' {
			return -1
		}
		return c
	}, address))
	return strings.HasPrefix(plain, "javascript:") || strings.HasPrefix(plain, "data:") || strings.HasPrefix(plain, "vbscript:")
}

// TestEveryTemplateIsFilled looks for exported templates the test above does not
// know.
func TestEveryTemplateIsFilled(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*_templ.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			f, ok := d.(*ast.FuncDecl)
			if ok && f.Name.IsExported() && exported[f.Name.Name] == nil {
				t.Errorf("%s: add %s to the templates that are filled with hostile text", file, f.Name.Name)
			}
		}
	}
}
