//! A calculator, for anonymous clients and for those who log in.

use jstp_server::{
    Application, AuthRequest, Connection, Interface, MethodError, ServerOptions, create_server,
};

async fn authenticate(request: AuthRequest) -> Result<String, MethodError> {
    let (user, password): (String, String) = jstp_server::mdsf::from_value(request.credentials)?;
    match password.as_str() {
        "secret" => Ok(user),
        _ => Err(MethodError::text("wrong password")),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let calculator = Interface::new("calculator")
        .method("add", async |_: Connection, (a, b): (f64, f64)| Ok(a + b))
        .method(
            "divide",
            async |_: Connection, (a, b): (f64, f64)| match b {
                0.0 => Err(MethodError::text("Error: Zero division")),
                b => Ok(a / b),
            },
        )
        .event("typing", |client: &Connection, (what,): (String,)| {
            println!("{:?} is typing {what}", client.username());
        });
    let application = Application::new("demo")
        .version("1.0.0")
        .interface(calculator);
    let options = ServerOptions::new([application])
        .auth_policy(authenticate)
        .on_connect(|client| drop(client.emit("calculator", "welcome", ("hello",))));
    let server = create_server(options)?;
    println!("listening on {}", server.listen("127.0.0.1:3000").await?);
    tokio::signal::ctrl_c().await?;
    server.shutdown().await;
    Ok(())
}
