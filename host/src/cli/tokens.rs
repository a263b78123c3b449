//! `happyos token`: tokens for HTTP and for MCP over HTTP.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::fault::Fault;
use super::{Context, args, output};

#[derive(Deserialize)]
struct TokenList {
    tokens: Vec<Token>,
}

#[derive(Serialize, Deserialize)]
struct Token {
    name: String,
    role: String,
    created_s: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_s: Option<u64>,
    expired: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

pub fn run(context: &Context, asked: &args::Token) -> Result<(), Fault> {
    let voice = context.voice;
    match asked {
        args::Token::Create { name, role, days, adopt } => {
            let role = match role {
                args::RoleName::User => "user",
                args::RoleName::Operator => "operator",
            };
            let mut body = json!({ "name": name, "role": role, "adopt": adopt });
            if *days > 0 {
                body["expires_in_s"] = json!(u64::from(*days) * 86_400);
            }
            let doing = format!("make the token `{name}`");
            let made: Token = context.with_daemon(async |client| client.post("/v1/tokens", &body, &doing).await)?;
            if voice.json {
                return output::print_json(&json!(made));
            }
            output::print(&format!("{}\n", made.secret.as_deref().unwrap_or_default()))?;
            voice.note(&format!("token `{name}`, role `{role}`, {}; it is not shown again", expiry(&made)));
            Ok(())
        }
        args::Token::List => {
            let list: TokenList =
                context.with_daemon(async |client| client.get("/v1/tokens", "list the tokens").await)?;
            if voice.json {
                return output::print_json(&json!({ "tokens": list.tokens }));
            }
            let mut table = output::table(&["name", "role", "made", "expiry"]);
            for token in &list.tokens {
                table.add_row([&token.name, &token.role, &day(token.created_s), &expiry(token)]);
            }
            output::print_table(&table)
        }
        args::Token::Revoke { name } => {
            let fits =
                !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
            if !fits {
                return Err(Fault::usage(format!("Failed to revoke the token `{name}`: that is no token's name"))
                    .hint("see `happyos token list`"));
            }
            let doing = format!("revoke the token `{name}`");
            context.with_daemon(async |client| client.delete(&format!("/v1/tokens/{name}"), &doing).await)?;
            voice.note(&format!("the token `{name}` is worth nothing now"));
            Ok(())
        }
    }
}

fn expiry(token: &Token) -> String {
    match token.expires_s {
        None => "never expires".into(),
        Some(at) if token.expired => format!("expired on {}", day(at)),
        Some(at) => format!("expires on {}", day(at)),
    }
}

/// The day of a time in seconds since 1970.
fn day(at_s: u64) -> String {
    let at_ms = Duration::from_secs(at_s).as_millis();
    let mut text = output::moment(u64::try_from(at_ms).unwrap_or(u64::MAX));
    text.truncate(10);
    text
}
