package console

// A Kind is what sort of refusal an Error is. The kinds never change: status codes, what a client does next and the sentence
// for a code that an older page does not know all go by them.
type Kind string

const (
	NotFound    Kind = "not-found"   // it does not exist, or the asker may not know that it does: the two look the same
	Forbidden   Kind = "forbidden"   // the asker may not do this
	SignedOut   Kind = "signed-out"  // nobody is signed in: sign in and ask again
	Conflict    Kind = "conflict"    // its state does not allow this: read it again
	Invalid     Kind = "invalid"     // what was sent is wrong: Fields say where
	Unavailable Kind = "unavailable" // not now: ask again
	Internal    Kind = "internal"    // a fault of ours; the log has the details
)

// An Error is a refusal a person may read: Kind says what sort, Code is a key of the catalogs ("desk.error.not-yours"),
// Fields names what is missing or wrong in a form, keyed by the field, Vars fills the sentence's placeholders.
type Error struct {
	Kind   Kind              `json:"kind"`
	Code   string            `json:"code"`
	Fields map[string]string `json:"fields,omitempty"`
	Vars   map[string]string `json:"vars,omitempty"`
}

func (e *Error) Error() string { return e.Code }

// Refuse makes an Error.
func Refuse(k Kind, code string) *Error { return &Error{Kind: k, Code: code} }
