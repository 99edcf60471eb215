using System.ComponentModel.DataAnnotations;
using Refinery.Kernel.Web;

namespace Refinery.Host.Proxy;

/// <summary>Who is behind us: workers that are told to drain, and a page served elsewhere.</summary>
internal sealed class ProxyOptions : IValidatableObject
{
    /// <summary>URLs that are told to drain by a trigger, space-separated; empty (default) drains here.</summary>
    [ConfigurationKeyName("WORKER_WEBHOOK_URL")]
    public string WorkerWebhookUrl { get; set; } = string.Empty;

    /// <summary>Seconds a worker's webhook gets to answer; 1–3600, default 30.</summary>
    [ConfigurationKeyName("WORKER_WEBHOOK_TIMEOUT_SEC")]
    [Range(1, 3600, ErrorMessage = "WORKER_WEBHOOK_TIMEOUT_SEC must be 1 to 3600 seconds.")]
    public int WorkerWebhookTimeoutSeconds { get; set; } = 30;

    /// <summary>A program and its arguments, run with <c>drain</c> appended when no webhook is set; no shell reads it. Default empty.</summary>
    [ConfigurationKeyName("WORKER_LOCAL_CMD")]
    public string WorkerLocalCommand { get; set; } = string.Empty;

    /// <summary>Where the page is served instead of here, for example by a UI development server; empty (default) serves the built-in page.</summary>
    [ConfigurationKeyName("UI_PROXY_URL")]
    public string UiProxyUrl { get; set; } = string.Empty;

    /// <summary>The webhooks.</summary>
    public IReadOnlyList<Uri> Webhooks => [.. Words(WorkerWebhookUrl).Select(url => new Uri(url))];

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var url in Words(WorkerWebhookUrl).Where(url => WebUrl.Parse(url) is null))
        {
            yield return new ValidationResult($"WORKER_WEBHOOK_URL holds {Errors.Quote(PublicUrl.Of(url))}; http or https URLs, separated by blanks, are expected.");
        }

        if (UiProxyUrl.Length > 0 && WebUrl.Parse(UiProxyUrl) is null)
        {
            yield return new ValidationResult($"UI_PROXY_URL is {Errors.Quote(PublicUrl.Of(UiProxyUrl))}; an http or https URL is expected.");
        }

        var words = ArgumentList.Split(WorkerLocalCommand);
        if (words is null)
        {
            yield return new ValidationResult("WORKER_LOCAL_CMD has a quote that is not closed.");
        }
        else if (WorkerLocalCommand.Length > 0 && (words.Count == 0 || string.IsNullOrWhiteSpace(words[0])))
        {
            yield return new ValidationResult($"WORKER_LOCAL_CMD is {Errors.Quote(WorkerLocalCommand)}; a program and its arguments are expected.");
        }
    }

    private static string[] Words(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
}
