using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Refinery.Contract;
using Refinery.Kernel.Web;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>A pod asks for work.</summary>
/// <param name="Start">True when it begins what it gets at once; else it says so of each by <c>/start</c>.</param>
internal sealed record ClaimBody(string PodId, IReadOnlyList<string> Kinds, int Max = 1, double WaitSeconds = 0, bool Start = false) : IChecked
{
    public string? Fault() => this switch
    {
        _ when Faults.PodId(PodId) is { } fault => fault,
        { Kinds.Count: 0 } => "The field 'kinds' is empty; at least one step type is expected.",
        _ when Faults.Kinds(Kinds) is { } fault => fault,
        { Max: < 1 or > 1000 } => $"The field 'max' is {Max}; 1 to 1000 is expected.",
        _ => Faults.Wait(WaitSeconds),
    };
}

/// <summary>A pod speaks about a step it holds.</summary>
internal record HolderBody(string PodId, long Fence) : IChecked
{
    public virtual string? Fault() => Faults.PodId(PodId);
}

/// <summary>A pod prolongs its lease.</summary>
/// <param name="WaitSeconds">How long the answer may take while nothing is cancelled; at most half of the lease is waited.</param>
internal sealed record RenewBody(string PodId, long Fence, double WaitSeconds = 0) : HolderBody(PodId, Fence)
{
    public override string? Fault() => base.Fault() ?? Faults.Wait(WaitSeconds);
}

/// <summary>A pod reports what came of a step.</summary>
/// <param name="Retryable">After a failure: whether another attempt can help.</param>
/// <param name="Recipes">Packages the next attempt should install, by manager.</param>
/// <param name="LogSha256">The digest of the attempt's log, when the pod has sent one.</param>
/// <param name="LogSizeBytes">The log's length.</param>
internal sealed record OutcomeBody(
    string PodId,
    long Fence,
    string? Detail = null,
    string? FailureReason = null,
    bool Retryable = true,
    bool RetryAtOnce = false,
    long? DurationMs = null,
    IReadOnlyList<string>? MatchedHintIds = null,
    IReadOnlyDictionary<string, IReadOnlyList<string>>? Recipes = null,
    IReadOnlyList<ArtifactBody>? Artifacts = null,
    string? LogSha256 = null,
    long LogSizeBytes = 0) : HolderBody(PodId, Fence)
{
    public override string? Fault() => base.Fault()
        ?? (Artifacts is { Count: > 100 } ? $"The field 'artifacts' has {Artifacts.Count} items; at most 100 are expected." : null)
        ?? Artifacts?.Select(artifact => artifact is null ? "The field 'artifacts' holds null; JSON objects are expected." : artifact.Fault()).FirstOrDefault(fault => fault is not null)
        ?? (Recipes is null ? null : RecipeRules.Fault(Recipes))
        ?? Faults.HintIds(MatchedHintIds)
        ?? (LogSha256 is null ? null : Faults.Sha256("log_sha256", LogSha256))
        ?? (LogSizeBytes < 0 ? $"The field 'log_size_bytes' is {LogSizeBytes}; 0 or more is expected." : null)
        ?? Faults.Outcome(Detail, FailureReason, DurationMs);

    /// <summary>What the pod says of the step.</summary>
    public Reported Report(string stepId, bool succeeded) =>
        new(new Holder(stepId, PodId, Fence), Outcome(succeeded), new RunFacts(DurationMs, LogSha256 is null ? null : new StoredLog(LogSha256, LogSizeBytes, Lines: 0)));

    private StepOutcome Outcome(bool succeeded) => new()
    {
        Succeeded = succeeded,
        Detail = Detail ?? (succeeded ? "Done." : "The pod gave no reason."),
        FailureReason = succeeded ? null : FailureReason ?? "failed",
        Retryable = Retryable,
        RetryAtOnce = RetryAtOnce,
        MatchedHintIds = MatchedHintIds ?? [],
        Recipes = Recipes,
        Artifacts = [.. (Artifacts ?? []).Select(artifact => artifact.ToArtifact())],
    };
}

/// <summary>A file the attempt made and has stored.</summary>
/// <param name="SourceSha256">The digest of the file it was made from, for example of a wheel's sdist.</param>
internal sealed record ArtifactBody(string Kind, string FileName, string Sha256, long SizeBytes, string? SourceSha256 = null) : IChecked
{
    public StepArtifact ToArtifact() => new(Kind, FileName, Sha256, SizeBytes) { SourceSha256 = SourceSha256 };

    public string? Fault() => this switch
    {
        { Kind.Length: 0 or > 100 } => $"The field 'kind' is {Errors.Quote(Kind)}; 1 to 100 characters are expected.",
        _ when Faults.Sha256("sha256", Sha256) is { } fault => fault,
        _ when SourceSha256 is not null && Faults.Sha256("source_sha256", SourceSha256) is { } fault => fault,
        _ when FileName.Length is 0 or > 300 || FileName.AsSpan().IndexOfAny("/\\\0") >= 0 =>
            $"The field 'file_name' is {Errors.Quote(FileName)}; a name without a folder is expected.",
        { SizeBytes: < 0 } => $"The field 'size_bytes' is {SizeBytes}; 0 or more is expected.",
        _ => null,
    };
}

/// <summary>A pod says that it lives.</summary>
/// <param name="Steps">The ids of the steps it holds, when it wants to hear which of them are its own no longer, for whatever reason.</param>
/// <param name="Draining">True when it takes no more steps and ends once those it runs have ended.</param>
internal sealed record HeartbeatBody(
    string PodId, IReadOnlyList<string> Kinds, int Capacity, int Running = 0, string Version = "unknown",
    IReadOnlyList<string>? Steps = null, bool Draining = false) : IChecked
{
    public string? Fault() => this switch
    {
        _ when Faults.PodId(PodId) is { } fault => fault,
        _ when Faults.Kinds(Kinds) is { } fault => fault,
        { Capacity: < 0 or > 100_000 } => $"The field 'capacity' is {Capacity}; 0 to 100000 is expected.",
        { Running: < 0 or > 100_000 } => $"The field 'running' is {Running}; 0 to 100000 is expected.",
        _ when Steps is { Count: > 1000 } => $"The field 'steps' has {Steps.Count} ids; at most 1000 are expected.",
        _ when Steps?.Any(stepId => stepId is null) == true => "The field 'steps' holds null; an array of step ids is expected.",
        { Version.Length: > 100 } => "The field 'version' is longer than 100 characters.",
        _ => null,
    };
}

/// <summary>What a pod is told about a step it holds.</summary>
internal sealed record HeldAnswer(bool CancelRequested, DateTimeOffset? LeaseUntil = null, string? Status = null);

/// <summary>What a pod is told when it beats.</summary>
/// <param name="Leader">The pod that recovers what dead pods held; absent while none leads.</param>
/// <param name="Cancel">Steps cancelled lately while the pod held them, and those of the reported steps that are cancelled, ended or another's: stop them at once.</param>
internal sealed record HeartbeatAnswer(string? Leader, IReadOnlyList<string> Cancel);

/// <summary>A pod as others see it.</summary>
/// <param name="State"><c>live</c>, <c>draining</c> when it takes no more steps, <c>dead</c> when it is not heard any more.</param>
internal sealed record PodAnswer(
    string PodId, bool Alive, string State, bool IsLeader, IReadOnlyList<string> Kinds, long Capacity, long Running, string Version, DateTimeOffset BirthTs, DateTimeOffset LastHeartbeatTs);

/// <summary>A step is submitted.</summary>
/// <param name="NotBefore">When it may begin; at once when it is absent or past.</param>
/// <param name="UniqueKey">At most one step of the type is pending or claimed under this key.</param>
internal sealed record SubmitBody(
    string Type, JsonElement Args, JsonElement? Metadata = null, int Priority = 0, int MaxRetries = 3, DateTimeOffset? NotBefore = null, string? UniqueKey = null) : IChecked
{
    public string? Fault() => this switch
    {
        _ when Faults.Type(Type) is { } fault => fault,
        _ when Args.ValueKind != JsonValueKind.Object =>
            $"The field 'args' is {Errors.Quote(Args.GetRawText())}; a JSON object is expected.",
        _ when Metadata is { ValueKind: not (JsonValueKind.Object or JsonValueKind.Null) } metadata =>
            $"The field 'metadata' is {Errors.Quote(metadata.GetRawText())}; a JSON object is expected.",
        { MaxRetries: < 0 or > 10 } => $"The field 'max_retries' is {MaxRetries}; 0 to 10 is expected.",
        { UniqueKey: { } key } => Faults.Key("field 'unique_key'", key),
        _ => null,
    };

    public NewStep Step() => new()
    {
        Type = Type, Args = Args, Metadata = Metadata, Priority = Priority, MaxRetries = MaxRetries, NotBefore = NotBefore, UniqueKey = UniqueKey,
    };
}

/// <summary>A step was taken in.</summary>
internal sealed record SubmitAnswer(string StepId, string Status, string Message);

/// <summary>The key under which a step's work is done once.</summary>
internal sealed record IdempotencyAnswer(string StepId, string IdempotencyKey)
{
    /// <summary>Follows from the id alone, so every attempt and every pod gets the same.</summary>
    public static IdempotencyAnswer Of(string stepId) =>
        new(stepId, $"idem_{stepId[^8..]}_{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(stepId)))[..8]}");
}

/// <summary>Where a step stands, in FLEET-Q's words.</summary>
/// <param name="WaitingFor">What must come before the step can run; absent when it will be called by itself.</param>
/// <param name="NotBefore">When it may begin, or be tried again; absent when it may now.</param>
internal sealed record StatusAnswer(
    string StepId, string Status, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? ClaimedBy, DateTimeOffset LastUpdateTs, long RetryCount, long Priority,
    DateTimeOffset CreatedTs, long MaxRetries, PayloadAnswer Payload, bool? Cancelled, string? Detail, string? WaitingFor,
    DateTimeOffset? NotBefore, string? UniqueKey);

/// <summary>What was submitted.</summary>
internal sealed record PayloadAnswer(string Type, JsonElement Args, JsonElement Metadata);

/// <summary>The checks that several bodies share.</summary>
internal static class Faults
{
    public static string? Type(string type) => StepTypes.IsName(type)
        ? null
        : $"The step type is {Errors.Quote(type)}; 1 to 100 of the characters A-Z a-z 0-9 _ . : - are expected.";

    public static string? Kinds(IReadOnlyList<string> kinds) => kinds.Count > 100
        ? $"The field 'kinds' has {kinds.Count} step types; at most 100 are expected."
        : kinds.Select(Type).FirstOrDefault(fault => fault is not null);

    public static string? Wait(double seconds) =>
        seconds is >= 0 and <= 30 ? null : $"The field 'wait_seconds' is {seconds}; 0 to 30 is expected.";

    public static string? PodId(string podId) => podId is { Length: >= 1 and <= 200 } && podId.All(character => character is > ' ' and <= '~')
        ? null
        : $"The field 'pod_id' is {Errors.Quote(podId)}; 1 to 200 printable ASCII characters are expected.";

    /// <param name="place">Where the key stands, for example <c>field 'unique_key'</c>.</param>
    public static string? Key(string place, string key) => key is { Length: >= 1 and <= 255 } && key.All(character => character is >= ' ' and <= '~')
        ? null
        : $"The {place} is {Errors.Quote(key)}; 1 to 255 printable ASCII characters are expected.";

    public static string? Sha256(string field, string digest) => digest.Length != 64 || digest.Any(digit => !char.IsAsciiHexDigitLower(digit))
        ? $"The field '{field}' is {Errors.Quote(digest)}; 64 lower-case hex digits are expected."
        : null;

    public static string? HintIds(IReadOnlyList<string>? hintIds) => hintIds switch
    {
        null => null,
        { Count: > 100 } => $"The field 'matched_hint_ids' has {hintIds.Count} ids; at most 100 are expected.",
        _ when hintIds.Any(id => id is null) => "The field 'matched_hint_ids' holds null; an array of texts is expected.",
        _ => hintIds.FirstOrDefault(id => id.Length is 0 or > 200 || id.Any(char.IsControl)) is { } wrong
            ? $"The field 'matched_hint_ids' holds {Errors.Quote(wrong)}; 1 to 200 characters without control characters are expected."
            : null,
    };

    public static string? Outcome(string? detail, string? failureReason, long? durationMs) =>
        Sentence("detail", detail) ?? Sentence("failure_reason", failureReason) ?? (durationMs < 0 ? $"The field 'duration_ms' is {durationMs}; 0 or more is expected." : null);

    private static string? Sentence(string field, string? text) => text is { Length: > 4000 }
        ? $"The field '{field}' has {text.Length} characters, beginning with {Errors.Quote(text)}; at most 4000 are expected."
        : null;
}

/// <summary>One of many outcomes reported at once.</summary>
internal sealed record BatchOutcomeBody(
    string StepId, string PodId, long Fence, bool Succeeded = true, string? Detail = null, string? FailureReason = null,
    bool Retryable = true, long? DurationMs = null) : IChecked
{
    /// <summary>Reports that are taken in one request.</summary>
    public const int Most = 1000;

    public string? Fault() => Faults.PodId(PodId) ?? Faults.Outcome(Detail, FailureReason, DurationMs);

    public Reported Report() =>
        new OutcomeBody(PodId, Fence, Detail, FailureReason, Retryable, DurationMs: DurationMs).Report(StepId, Succeeded);
}

/// <summary>What became of one report of a batch.</summary>
/// <param name="Accepted">False when the claim was no longer the pod's: discard the result.</param>
internal sealed record BatchAnswer(string StepId, bool Accepted, string? Status);
