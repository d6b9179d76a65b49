package chart

// Each of the resources keeps what it was read with (Kept): encoding/json asks these methods.

func (r *Reference) UnmarshalJSON(b []byte) error { return readKept(b, r, &r.Kept) }
func (r Reference) MarshalJSON() ([]byte, error)  { return writeKept(&r, r.Kept) }

func (r *Identifier) UnmarshalJSON(b []byte) error { return readKept(b, r, &r.Kept) }
func (r Identifier) MarshalJSON() ([]byte, error)  { return writeKept(&r, r.Kept) }

func (r *Coding) UnmarshalJSON(b []byte) error { return readKept(b, r, &r.Kept) }
func (r Coding) MarshalJSON() ([]byte, error)  { return writeKept(&r, r.Kept) }

func (r *CodeableConcept) UnmarshalJSON(b []byte) error { return readKept(b, r, &r.Kept) }
func (r CodeableConcept) MarshalJSON() ([]byte, error)  { return writeKept(&r, r.Kept) }

func (r *Meta) UnmarshalJSON(b []byte) error { return readKept(b, r, &r.Kept) }
func (r Meta) MarshalJSON() ([]byte, error)  { return writeKept(&r, r.Kept) }

func (r *Attachment) UnmarshalJSON(b []byte) error { return readKept(b, r, &r.Kept) }
func (r Attachment) MarshalJSON() ([]byte, error)  { return writeKept(&r, r.Kept) }

func (r *Content) UnmarshalJSON(b []byte) error { return readKept(b, r, &r.Kept) }
func (r Content) MarshalJSON() ([]byte, error)  { return writeKept(&r, r.Kept) }

func (r *Relation) UnmarshalJSON(b []byte) error { return readKept(b, r, &r.Kept) }
func (r Relation) MarshalJSON() ([]byte, error)  { return writeKept(&r, r.Kept) }

func (r *Period) UnmarshalJSON(b []byte) error { return readKept(b, r, &r.Kept) }
func (r Period) MarshalJSON() ([]byte, error)  { return writeKept(&r, r.Kept) }

func (r *DocumentContext) UnmarshalJSON(b []byte) error { return readKept(b, r, &r.Kept) }
func (r DocumentContext) MarshalJSON() ([]byte, error)  { return writeKept(&r, r.Kept) }

func (r *DocumentReference) UnmarshalJSON(b []byte) error { return readKept(b, r, &r.Kept) }
func (r DocumentReference) MarshalJSON() ([]byte, error)  { return writeKept(&r, r.Kept) }

func (r *HumanName) UnmarshalJSON(b []byte) error { return readKept(b, r, &r.Kept) }
func (r HumanName) MarshalJSON() ([]byte, error)  { return writeKept(&r, r.Kept) }

func (r *ContactPoint) UnmarshalJSON(b []byte) error { return readKept(b, r, &r.Kept) }
func (r ContactPoint) MarshalJSON() ([]byte, error)  { return writeKept(&r, r.Kept) }

func (r *PatientLink) UnmarshalJSON(b []byte) error { return readKept(b, r, &r.Kept) }
func (r PatientLink) MarshalJSON() ([]byte, error)  { return writeKept(&r, r.Kept) }

func (r *Patient) UnmarshalJSON(b []byte) error { return readKept(b, r, &r.Kept) }
func (r Patient) MarshalJSON() ([]byte, error)  { return writeKept(&r, r.Kept) }

func (r *BundleLink) UnmarshalJSON(b []byte) error { return readKept(b, r, &r.Kept) }
func (r BundleLink) MarshalJSON() ([]byte, error)  { return writeKept(&r, r.Kept) }

func (r *BundleSearch) UnmarshalJSON(b []byte) error { return readKept(b, r, &r.Kept) }
func (r BundleSearch) MarshalJSON() ([]byte, error)  { return writeKept(&r, r.Kept) }

func (r *BundleEntry) UnmarshalJSON(b []byte) error { return readKept(b, r, &r.Kept) }
func (r BundleEntry) MarshalJSON() ([]byte, error)  { return writeKept(&r, r.Kept) }

func (r *Bundle) UnmarshalJSON(b []byte) error { return readKept(b, r, &r.Kept) }
func (r Bundle) MarshalJSON() ([]byte, error)  { return writeKept(&r, r.Kept) }

func (r *Issue) UnmarshalJSON(b []byte) error { return readKept(b, r, &r.Kept) }
func (r Issue) MarshalJSON() ([]byte, error)  { return writeKept(&r, r.Kept) }

func (r *OperationOutcome) UnmarshalJSON(b []byte) error { return readKept(b, r, &r.Kept) }
func (r OperationOutcome) MarshalJSON() ([]byte, error)  { return writeKept(&r, r.Kept) }

func (r *Attendee) UnmarshalJSON(b []byte) error { return readKept(b, r, &r.Kept) }
func (r Attendee) MarshalJSON() ([]byte, error)  { return writeKept(&r, r.Kept) }

func (r *Appointment) UnmarshalJSON(b []byte) error { return readKept(b, r, &r.Kept) }
func (r Appointment) MarshalJSON() ([]byte, error)  { return writeKept(&r, r.Kept) }

func (r *Communication) UnmarshalJSON(b []byte) error { return readKept(b, r, &r.Kept) }
func (r Communication) MarshalJSON() ([]byte, error)  { return writeKept(&r, r.Kept) }
