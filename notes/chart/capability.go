package chart

import (
	"context"
	"net/http"
	"slices"
	"strings"
)

// A capability is what a chart says it can do, of what we need.
type capability struct {
	FhirVersion string `json:"fhirVersion"`
	Rest        []struct {
		Security struct {
			Extension []struct {
				URL       string `json:"url"`
				Extension []struct {
					URL      string `json:"url"`
					ValueURI string `json:"valueUri"`
				} `json:"extension"`
			} `json:"extension"`
		} `json:"security"`
		Resource []struct {
			Type        string `json:"type"`
			Interaction []struct {
				Code string `json:"code"`
			} `json:"interaction"`
			ConditionalCreate bool `json:"conditionalCreate"`
			SearchParam       []struct {
				Name string `json:"name"`
			} `json:"searchParam"`
		} `json:"resource"`
	} `json:"rest"`
}

// can reports that the chart does something with a kind of resource: "create", "read", "update".
func (s *capability) can(kind, what string) bool {
	for _, r := range s.Rest {
		for _, k := range r.Resource {
			for _, i := range k.Interaction {
				if k.Type == kind && i.Code == what {
					return true
				}
			}
		}
	}
	return false
}

func (s *capability) conditional(kind string) bool {
	for _, r := range s.Rest {
		for _, k := range r.Resource {
			if k.Type == kind && k.ConditionalCreate {
				return true
			}
		}
	}
	return false
}

func (s *capability) searches(kind, param string) bool {
	for _, r := range s.Rest {
		for _, k := range r.Resource {
			for _, p := range k.SearchParam {
				if k.Type == kind && p.Name == param {
					return true
				}
			}
		}
	}
	return false
}

func (s *capability) tokenEndpoint() string {
	for _, r := range s.Rest {
		for _, e := range r.Security.Extension {
			for _, x := range e.Extension {
				if strings.HasSuffix(e.URL, "/oauth-uris") && x.URL == "token" {
					return x.ValueURI
				}
			}
		}
	}
	return ""
}

// statement reads the chart's CapabilityStatement, once an hour.
func (c *Client) statement(ctx context.Context) (*capability, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.says != nil && c.now().Sub(c.saidAt) < asksAnew {
		return c.says, nil
	}
	status, header, body, err := c.open(ctx, "/metadata", fhirJSON)
	if err != nil {
		return nil, err
	}
	if status != http.StatusOK {
		return nil, c.trouble(http.MethodGet, status, header, body)
	}
	s := &capability{}
	if err := (answer{status, header, body}).into(s, "CapabilityStatement"); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(s.FhirVersion, "4.") {
		return nil, &Trouble{Why: CannotWrite, Said: "FHIR " + s.FhirVersion}
	}
	c.says, c.saidAt = s, c.now()
	return s, nil
}

// Ready finds out whether notes can be written: who it is, what it takes, and whether it lets us in.
func (c *Client) Ready(ctx context.Context) error {
	s, err := c.statement(ctx)
	if err != nil {
		return err
	}
	if !s.can("DocumentReference", "create") || !s.can("DocumentReference", "read") {
		return &Trouble{Why: CannotWrite}
	}
	if c.repeats(s) == repeatNever {
		return &Trouble{Why: CannotRepeat}
	}
	_, err = c.token(ctx, "")
	return err
}

// Can says in short what the chart does, for who sets it up.
func (c *Client) Can(ctx context.Context) ([]string, error) {
	s, err := c.statement(ctx)
	if err != nil {
		return nil, err
	}
	out := []string{"FHIR " + s.FhirVersion}
	for _, kind := range []string{"Patient", "DocumentReference", "Encounter"} {
		for _, what := range []string{"create", "read", "update", "search-type"} {
			if s.can(kind, what) {
				out = append(out, kind+" "+what)
			}
		}
		if s.conditional(kind) {
			out = append(out, kind+" conditional create")
		}
	}
	slices.Sort(out[1:])
	return out, nil
}
