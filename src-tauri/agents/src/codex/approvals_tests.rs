use mo_core::approval::Action;
use serde_json::{Value, json};

use super::approvals::{Patches, Request, read};
use super::wire::ItemParams;
use crate::acp::rpc::RpcId;

fn asked(method: &str, params: &Value, patches: &Patches) -> Request {
    read(&RpcId::Number(3), method, &params.to_string(), patches).unwrap()
}

fn action(method: &str, params: &Value, patches: &Patches) -> Action {
    match asked(method, params, patches) {
        Request::Approval(request) => request.action,
        other => panic!("{other:?}"),
    }
}

const COMMAND: &str = "item/commandExecution/requestApproval";
const PATCH: &str = "item/fileChange/requestApproval";

#[test]
fn a_command_is_a_command_only_when_it_is_one() {
    let none = Patches::default();
    let plain = json!({ "itemId": "i", "kind": "command", "command": "ls", "cwd": "/x" });
    let expected = Action::Command { command: "ls".to_owned(), cwd: Some("/x".to_owned()) };
    assert_eq!(action(COMMAND, &plain, &none), expected);
    let input = json!({ "itemId": "i", "kind": "writeStdin", "command": "yes" });
    assert!(matches!(action(COMMAND, &input, &none), Action::Tool { tool, .. } if tool == "writeStdin"));
    let nothing = json!({ "itemId": "i" });
    assert!(matches!(action(COMMAND, &nothing, &none), Action::Tool { .. }));
    // It would run whole, and was cut.
    let long = json!({ "itemId": "i", "command": format!("echo {}; rm x", "a".repeat(20_000)) });
    assert!(matches!(action(COMMAND, &long, &none), Action::Tool { .. }));
    let context = json!({ "host": "example.org", "protocol": "https" });
    let network = json!({ "itemId": "i", "command": "curl x", "networkApprovalContext": context });
    assert_eq!(action(COMMAND, &network, &none), Action::Fetch { url: "https://example.org".to_owned() });
}

#[test]
fn a_patch_names_every_file_of_the_item_that_was_shown() {
    let mut patches = Patches::default();
    let moved = json!({ "type": "update", "move_path": "/x/new" });
    let item = json!({ "item": { "type": "fileChange", "id": "p", "changes": [
        { "path": "/x/old", "kind": moved, "diff": "-a\n+b\n" },
        { "path": "/x/gone", "kind": { "type": "delete" }, "diff": "" },
    ] } });
    let text = item.to_string();
    let item: ItemParams<'_> = serde_json::from_str(&text).unwrap();
    patches.note("p", item.item.changes.as_deref().unwrap());
    let request = json!({ "itemId": "p", "reason": null, "grantRoot": null });
    let Action::Write { paths, diff } = action(PATCH, &request, &patches) else { panic!() };
    assert_eq!(paths, ["/x/old", "/x/new", "/x/gone"]);
    assert_eq!(diff.unwrap(), "*** update /x/old\n-a\n+b\n*** delete /x/gone\n");
    // More than the patch is asked for, or nobody knows what.
    let root = json!({ "itemId": "p", "grantRoot": "/x" });
    assert!(matches!(action(PATCH, &root, &patches), Action::Tool { .. }));
    patches.forget("p");
    assert!(matches!(action(PATCH, &request, &patches), Action::Tool { .. }));
}

#[test]
fn whatever_else_is_asked_is_granted_nothing() {
    let none = Patches::default();
    let fixed = |method| match asked(method, &json!({}), &none) {
        Request::Fixed(answer, _) => answer,
        other => panic!("{other:?}"),
    };
    assert_eq!(fixed("item/permissions/requestApproval"), json!({ "permissions": {}, "scope": "turn" }));
    assert_eq!(fixed("item/tool/requestUserInput"), json!({ "answers": {} }));
    assert_eq!(fixed("mcpServer/elicitation/request"), json!({ "action": "decline" }));
    assert_eq!(fixed("item/tool/call"), json!({ "contentItems": [], "success": false }));
    for (method, known) in [("execCommandApproval", true), ("applyPatchApproval", true), ("dream", false)] {
        let Request::NotServed(found) = asked(method, &json!({}), &none) else { panic!("{method}") };
        assert_eq!(found, known, "{method}");
    }
}
