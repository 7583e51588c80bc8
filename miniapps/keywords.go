package miniapps

import (
	"cmp"
	"encoding/json"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/motcua/motcua/internal/message"
)

// Ask says when a dialogue asks for a field.
type Ask string

// The ways to ask.
const (
	AskAlways Ask = "always" // ask, also when the field is optional
	AskOffer  Ask = "offer"  // say that it can be given, and go on without it
	AskNever  Ask = "never"  // take it when it comes, never ask
)

// Keywords are what our own keywords say about one field of an input schema. The zero value says nothing.
type Keywords struct {
	Label     message.Text // x-label: a short name for summaries and errors; without one the prompt serves
	Prompt    message.Text // x-prompt: the question
	Order     int          // x-order: lower is asked first; 0 comes first
	Ask       Ask          // x-ask; "" leaves it to whether the field is required
	Options   string       // x-options: read-only action that gets the answers so far and returns choices
	Check     string       // x-check: read-only action that looks at the answer: errors, derived values, another action to suggest
	Sensitive bool         // x-sensitive: never asked for nor kept in a chat; a signed link instead
	Secret    bool         // x-secret: a code, asked for in a chat; whoever else reads the chat is not shown the answer
	Opening   bool         // x-opening: takes the sentence that opened the action; at most one field of an action, and free text
	Mention   *Mention     // x-mention: how a value is found within any sentence; nil: it is not
	Search    bool         // x-search: takes what was typed to choose among the options that the action gives; at most one field of an action, and free text
}

// Name is what messages call the field in lang: its label, or its prompt. "" when it has neither.
func (k Keywords) Name(lang message.Lang) string { return cmp.Or(k.Label.In(lang), k.Prompt.In(lang)) }

// KeywordsOf gives the keywords of a compiled field.
func KeywordsOf(s *jsonschema.Schema) Keywords {
	for _, x := range s.Extensions {
		if k, ok := x.(*Keywords); ok {
			return *k
		}
	}
	return Keywords{}
}

// Validate does nothing: the keywords say how to ask for a value, not which are valid. It makes Keywords an extension of the compiled schema.
func (*Keywords) Validate(*jsonschema.ValidatorContext, any) {}

var _ jsonschema.SchemaExt = (*Keywords)(nil)

// vocabularyURL names our keywords, as the JSON Schema specification wants vocabularies named.
const vocabularyURL = schemaBase + "keywords"

// vocabulary lets the compiler carry our keywords along. Their syntax is checked by the published schema of manifests.
func vocabulary() *jsonschema.Vocabulary {
	return &jsonschema.Vocabulary{URL: vocabularyURL, Compile: func(_ *jsonschema.CompilerContext, obj map[string]any) (jsonschema.SchemaExt, error) {
		k := &Keywords{Label: textOf(obj["x-label"]), Prompt: textOf(obj["x-prompt"])}
		if n, ok := obj["x-order"].(json.Number); ok {
			order, err := n.Int64()
			if err != nil {
				return nil, err
			}
			k.Order = int(order)
		}
		ask, _ := obj["x-ask"].(string)
		k.Ask = Ask(ask)
		k.Options, _ = obj["x-options"].(string)
		k.Check, _ = obj["x-check"].(string)
		k.Sensitive, _ = obj["x-sensitive"].(bool)
		k.Secret, _ = obj["x-secret"].(bool)
		k.Opening, _ = obj["x-opening"].(bool)
		k.Search, _ = obj["x-search"].(bool)
		var err error
		k.Mention, err = mentionOf(obj["x-mention"])
		return k, err
	}}
}

func textOf(v any) message.Text {
	obj, _ := v.(map[string]any)
	if len(obj) == 0 {
		return nil
	}
	t := message.Text{}
	for lang, s := range obj {
		t[message.Lang(lang)], _ = s.(string)
	}
	return t
}
