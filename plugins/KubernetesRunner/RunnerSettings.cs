using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Refinery.Contract;

namespace Refinery.KubernetesRunner;

/// <summary>What the environment says about builds in the cluster.</summary>
/// <param name="Namespace">Where Jobs are made.</param>
/// <param name="FilesUrl">The server that keeps the files, as pods see it; ends in a slash.</param>
/// <param name="Token">What that server has as its WORKER_TOKEN; null when it has none.</param>
/// <param name="TokenSecret">The Secret whose key <c>token</c> holds the same for the pods; null for none.</param>
/// <param name="Image">What builds will run in; null when it is not set.</param>
internal sealed partial record RunnerSettings(string Namespace, Uri FilesUrl, string? Token, string? TokenSecret, string? Image)
{
    /// <summary>Reads them.</summary>
    /// <param name="known">The namespace that the cluster's access names.</param>
    /// <exception cref="PluginException">One is wrong or missing.</exception>
    public static RunnerSettings Read(IConfiguration configuration, string known)
    {
        var settings = new RunnerSettings(
            Text(configuration, "KUBERNETES_NAMESPACE") ?? known, Files(configuration), Text(configuration, "WORKER_TOKEN"),
            Text(configuration, "KUBERNETES_TOKEN_SECRET"), Text(configuration, "BUILD_IMAGE"));
        if (!Label().IsMatch(settings.Namespace))
        {
            throw new PluginException($"KUBERNETES_NAMESPACE is '{settings.Namespace}'; a namespace's name is expected: lower-case letters, digits and dashes.");
        }

        if (settings.TokenSecret is { } secret && !Subdomain().IsMatch(secret))
        {
            throw new PluginException($"KUBERNETES_TOKEN_SECRET is '{secret}'; a Secret's name is expected: lower-case letters, digits, dashes and dots.");
        }

        return settings is { Token: not null, TokenSecret: null }
            ? throw new PluginException(
                $"WORKER_TOKEN is set, but KUBERNETES_TOKEN_SECRET is not; the name of a Secret in namespace '{settings.Namespace}' is expected whose key 'token' is that token.")
            : settings;
    }

    private static Uri Files(IConfiguration configuration)
    {
        var text = Text(configuration, "KUBERNETES_FILES_URL") ?? Text(configuration, "WORKER_SERVER_URL")
            ?? throw new PluginException("BUILD_RUNNER is kubernetes, but KUBERNETES_FILES_URL is not set; this server's address as pods see it is expected, for example http://refinery.builds:8080.");
        return Uri.TryCreate(text.EndsWith('/') ? text : $"{text}/", UriKind.Absolute, out var url) && url is { Scheme: "http" or "https", UserInfo: "", Query: "" }
            ? url
            : throw new PluginException("KUBERNETES_FILES_URL is no http or https address without a user; this server's address as pods see it is expected, for example http://refinery.builds:8080.");
    }

    private static string? Text(IConfiguration configuration, string name) => configuration[name] is { Length: > 0 } text ? text : null;

    [GeneratedRegex(@"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Label();

    [GeneratedRegex(@"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Subdomain();
}
