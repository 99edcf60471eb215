namespace Refinery.Host.Settings;

/// <summary>How this host is set up, as anybody may see it.</summary>
/// <param name="Strategy"><c>pinned</c> or <c>upgrade</c>.</param>
/// <param name="QueueBackend">The queue plugin in use.</param>
internal sealed record ConfigAnswer(
    string Strategy,
    TargetAnswer Target,
    IndexAnswer Index,
    string QueueBackend,
    DbAnswer Db,
    WorkerAnswer Worker,
    FeaturesAnswer Features,
    LimitsAnswer Limits,
    string Version);

/// <summary>What wheels are built for; a member is absent when unknown.</summary>
internal sealed record TargetAnswer(string? Python, string? PlatformTag);

/// <summary>Where sdists come from; URLs without userinfo, query and fragment.</summary>
internal sealed record IndexAnswer(string? IndexUrl, IReadOnlyList<string> ExtraIndexUrls, IReadOnlyList<string> FindLinks);

/// <summary>Where the books are kept.</summary>
/// <param name="Kind"><c>sqlite</c> or <c>postgres</c>.</param>
/// <param name="Host">The database server; absent for sqlite.</param>
/// <param name="Database">The database's name, or the file's.</param>
internal sealed record DbAnswer(string Kind, string? Host, string? Database);

/// <summary>Who builds.</summary>
/// <param name="Mode"><c>webhook</c>, <c>local</c> or <c>none</c>.</param>
/// <param name="TokenRequired">Whether writes need the worker token.</param>
internal sealed record WorkerAnswer(string Mode, bool TokenRequired);

/// <summary>The flags.</summary>
internal sealed record FeaturesAnswer(bool Kafka, bool Metrics);

/// <summary>What is taken at most.</summary>
/// <param name="BodyBytes">The largest body where no other limit is named.</param>
/// <param name="BodyBytesByRoute">The routes with a limit of their own, as <c>POST /api/logs</c>.</param>
/// <param name="PageDefault">Items a page holds when no limit is asked for.</param>
/// <param name="PageMaximum">Items a page holds at most, unless its route says otherwise.</param>
internal sealed record LimitsAnswer(long BodyBytes, IReadOnlyDictionary<string, long> BodyBytesByRoute, int PageDefault, int PageMaximum);
