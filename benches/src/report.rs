//! What was measured against its goals, as one table or one JSON object.

use std::fmt::Write as _;

use serde_json::json;

/// One line of the report.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Claim {
    /// The measure's name, and what of it where it has several.
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
    pub(crate) bound: f64,
    /// Whether the bound is the least rather than the most.
    pub(crate) at_least: bool,
    /// What it is held against in the same run.
    pub(crate) baseline: String,
    pub(crate) detail: String,
}

impl Claim {
    pub(crate) fn met(&self) -> bool {
        if self.at_least { self.value >= self.bound } else { self.value <= self.bound }
    }
}

/// All claims of a run.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) claims: Vec<Claim>,
}

impl Report {
    pub(crate) fn all_met(&self) -> bool {
        self.claims.iter().all(Claim::met)
    }

    pub(crate) fn json(&self) -> String {
        let one = |claim: &Claim| {
            json!({"name": claim.name, "what": claim.what, "value": claim.value, "unit": claim.unit.trim(),
                "goal": claim.bound, "at_least": claim.at_least, "met": claim.met(), "baseline": claim.baseline,
                "detail": claim.detail})
        };
        let claims: Vec<serde_json::Value> = self.claims.iter().map(one).collect();
        json!({"met": self.all_met(), "claims": claims}).to_string()
    }

    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        // Writing into a string cannot fail.
        let _ = writeln!(
            text,
            "      {:<13} {:<52} {:>12}  {:<11} baseline",
            "measure", "what", "result", "goal"
        );
        for claim in &self.claims {
            let word = if claim.met() { "pass" } else { "FAIL" };
            let goal = format!("{} {}{}", if claim.at_least { "≥" } else { "≤" }, claim.bound, claim.unit);
            let value = format!("{:.2}{}", claim.value, claim.unit);
            let _ = writeln!(
                text,
                "{word}  {:<13} {:<52} {value:>12}  {goal:<11} {}",
                claim.name, claim.what, claim.baseline
            );
            if !claim.detail.is_empty() {
                let _ = writeln!(text, "{:20}{}", "", claim.detail);
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(name: &'static str, value: f64, bound: f64, at_least: bool) -> Claim {
        let (baseline, detail) = ("a bare loop".to_owned(), "beside it".to_owned());
        Claim { name, what: "lines", value, unit: "×", bound, at_least, baseline, detail }
    }

    #[test]
    fn a_bound_holds_on_its_own_side() {
        assert!(claim("a", 0.6, 0.6, true).met() && !claim("a", 0.59, 0.6, true).met());
        assert!(claim("a", 25.0, 25.0, false).met() && !claim("a", 25.1, 25.0, false).met());
    }

    #[test]
    fn one_missed_goal_is_said_and_fails_the_run() {
        let mut report = Report { claims: vec![claim("speed", 0.7, 0.6, true)] };
        assert!(report.all_met());
        report.claims.push(claim("memory", 61.0, 60.0, false));
        assert!(!report.all_met());
        let text = report.text();
        assert!(text.contains("pass  speed ") && text.contains("FAIL  memory "), "{text}");
        assert!(text.contains("61.00×") && text.contains("≤ 60×") && text.contains("a bare loop"), "{text}");
        let json: serde_json::Value = serde_json::from_str(&report.json()).unwrap();
        assert_eq!((&json["met"], &json["claims"][0]["met"]), (&false.into(), &true.into()));
    }
}
