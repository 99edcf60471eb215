using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;
using Refinery.Kernel.Web;
using Refinery.Kernel.Work;

namespace Refinery.Worker;

/// <summary>Whom a worker works for, on what, and on how much at once.</summary>
internal sealed class WorkerOptions : PodOptions, IValidatableObject
{
    /// <summary>The server's address, as <c>--server</c> gives it.</summary>
    [ConfigurationKeyName("WORKER_SERVER_URL")]
    public string ServerUrl { get; set; } = string.Empty;

    /// <summary>What the server has as its WORKER_TOKEN; default unset.</summary>
    [ConfigurationKeyName("WORKER_TOKEN")]
    public string? Token { get; set; }

    /// <summary>Step types to take, separated by commas or spaces, as <c>--kinds</c> gives them; default all that have a handler here.</summary>
    [ConfigurationKeyName("WORKER_KINDS")]
    public string Kinds { get; set; } = string.Empty;

    /// <summary>Steps at once, as <c>--concurrency</c> gives it; 1–1024, default 80 % of FLEET_Q_MAX_PARALLELISM.</summary>
    [ConfigurationKeyName("WORKER_CONCURRENCY")]
    [Range(1, 1024, ErrorMessage = "--concurrency must be 1 to 1024.")]
    public int? Concurrency { get; set; }

    /// <summary>Steps at once.</summary>
    public int Capacity => Concurrency ?? UsedParallelism;

    /// <summary>The kinds, one by one; empty for all.</summary>
    public IReadOnlyList<string> KindList =>
        [.. Kinds.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Distinct(StringComparer.Ordinal)];

    /// <summary>The server's address, ready for relative paths behind it.</summary>
    public Uri Server => new(ServerUrl.EndsWith('/') ? ServerUrl : $"{ServerUrl}/");

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        WebUrl.Parse(ServerUrl) is not null
            ? []
            : [new ValidationResult($"--server is '{ServerUrl}'; the server's address is expected, for example http://builds.example:8080.")];
}
