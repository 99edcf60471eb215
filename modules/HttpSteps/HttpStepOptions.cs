using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;
using Refinery.Kernel.Web;
using Refinery.Kernel.Work;

namespace Refinery.HttpSteps;

/// <summary>Which step types services do, and how they are called.</summary>
internal sealed class HttpStepOptions : IValidatableObject
{
    private const string Prefix = "whsec_";

    /// <summary>Step types and the URLs of the services that do them, <c>type=url</c>, space-separated; empty (default) has none.</summary>
    [ConfigurationKeyName("HTTP_STEPS")]
    public string Steps { get; set; } = string.Empty;

    /// <summary>The key every call is signed with; <c>whsec_</c> and base64, or any text. Empty (default) signs nothing.</summary>
    [ConfigurationKeyName("HTTP_STEP_SECRET")]
    public string Secret { get; set; } = string.Empty;

    /// <summary>Seconds a service gets to answer a step; 1–86400, default 60.</summary>
    [ConfigurationKeyName("HTTP_STEP_TIMEOUT_SEC")]
    [Range(1, 86_400, ErrorMessage = "HTTP_STEP_TIMEOUT_SEC must be 1 to 86400 seconds.")]
    public int TimeoutSeconds { get; set; } = 60;

    public TimeSpan TimeLimit => TimeSpan.FromSeconds(TimeoutSeconds);

    /// <summary>The key's bytes; null signs nothing.</summary>
    public byte[]? Key => Secret switch
    {
        "" => null,
        _ when Secret.StartsWith(Prefix, StringComparison.Ordinal) => Convert.FromBase64String(Secret[Prefix.Length..]),
        _ => System.Text.Encoding.UTF8.GetBytes(Secret),
    };

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var word in HttpStepTarget.Words(Steps).Where(word => HttpStepTarget.Parse(word) is null))
        {
            // Only the type: the URL may hold what is nobody else's business.
            yield return new ValidationResult($"HTTP_STEPS holds {Errors.Quote(word.Split('=')[0])} without an http or https URL; pairs such as deploy=https://deploy.example.org/run, separated by blanks, are expected.");
        }

        foreach (var twice in HttpStepTarget.Read(Steps).GroupBy(target => target.Type, StringComparer.Ordinal).Where(same => same.Count() > 1))
        {
            yield return new ValidationResult($"HTTP_STEPS names the type {Errors.Quote(twice.Key)} {twice.Count()} times; leave one.");
        }

        if (HttpStepTarget.Read(Steps).Any(target => target.Type == StepTypes.WheelBuild))
        {
            yield return new ValidationResult($"HTTP_STEPS names the type '{StepTypes.WheelBuild}', which is Refinery's own; another is expected.");
        }

        if (Secret.StartsWith(Prefix, StringComparison.Ordinal) && !Convert.TryFromBase64String(Secret[Prefix.Length..], new byte[Secret.Length], out _))
        {
            yield return new ValidationResult("HTTP_STEP_SECRET begins with whsec_ and is no base64 after it.");
        }
    }
}
