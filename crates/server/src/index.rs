//! Applications by name and version, as handshakes look for them (protocol.md 5.3).

use std::collections::HashMap;
use std::sync::Arc;

use jstp_proto::message::VersionField;
use jstp_proto::version::{Requested, Version, parse_version};

use crate::application::Application;
use crate::error::OptionsError;

/// Applications by name and version, made by [`create_apps_index`].
///
/// It may serve several servers, or be looked at before it does: it goes wherever a list of applications
/// does.
///
/// ```
/// use jstp_server::{Application, ServerOptions, create_apps_index};
///
/// let index = create_apps_index([
///     Application::new("demo").version("1.0.0"),
///     Application::new("demo").version("1.2.0"),
/// ])?;
/// assert_eq!(index.find("demo", Some("^1")).unwrap().version_text(), "1.2.0");
/// let options = ServerOptions::new(index);
/// # Ok::<(), jstp_server::OptionsError>(())
/// ```
#[derive(Clone, Debug)]
pub struct AppsIndex {
    by_name: HashMap<String, Vec<(Version, Arc<Application>)>>,
}

/// Sorts applications by name and version (protocol.md 5.1).
///
/// # Errors
/// There is none; one has no name, a version that is not semver, an interface without a name, or a method that
/// JavaScript clients cannot call; two have the same name and version.
pub fn create_apps_index(
    applications: impl IntoIterator<Item = impl Into<Arc<Application>>>,
) -> Result<AppsIndex, OptionsError> {
    let mut by_name: HashMap<String, Vec<(Version, Arc<Application>)>> = HashMap::new();
    for application in applications {
        let application: Arc<Application> = application.into();
        let (name, version) = application.split_name();
        let (name, version) = (name.to_owned(), version.to_owned());
        if is_nameless(&name) {
            return Err(OptionsError::ApplicationName);
        }
        application.check()?;
        let Ok(parsed) = parse_version(&version) else {
            return Err(OptionsError::Version { name, version });
        };
        let versions = by_name.entry(name.clone()).or_default();
        if versions
            .iter()
            .any(|(other, _)| other.cmp_precedence(&parsed).is_eq())
        {
            return Err(OptionsError::Duplicate { name, version });
        }
        versions.push((parsed, application));
    }
    if by_name.is_empty() {
        return Err(OptionsError::NoApplications);
    }
    Ok(AppsIndex { by_name })
}

/// Whether nothing is left of a name without a version. What begins like a scope may be one.
fn is_nameless(name: &str) -> bool {
    let rest = name.strip_prefix('@').unwrap_or(name);
    rest.is_empty() || (rest.len() < name.len() && parse_version(rest).is_ok())
}

impl AppsIndex {
    /// The application a client gets that asks for this name and this version or npm range; without
    /// one, the greatest version there is, prereleases included. `None` where the client is refused
    /// with error 10.
    pub fn find(&self, name: &str, version: Option<&str>) -> Option<Arc<Application>> {
        self.pick(name, &Requested::parse(version).ok()?)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Application>> {
        let versions = self.by_name.values().flatten();
        versions.map(|(_, application)| application)
    }

    pub(crate) fn pick(&self, name: &str, requested: &Requested) -> Option<Arc<Application>> {
        let versions = self.by_name.get(name)?;
        requested
            .pick(versions.iter().map(|(version, app)| (version, app)))
            .cloned()
    }
}

impl IntoIterator for AppsIndex {
    type Item = Arc<Application>;
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        let versions = self.by_name.into_values().flatten();
        let applications: Vec<Self::Item> = versions.map(|(_, application)| application).collect();
        applications.into_iter()
    }
}

/// What a handshake asks for, or `None` if that is neither a version nor a range.
pub(crate) fn requested(version: &VersionField) -> Option<Requested> {
    match version {
        VersionField::Any => Some(Requested::Latest),
        VersionField::Text(text) => Requested::parse(Some(text)).ok(),
        VersionField::NotText => None,
    }
}
