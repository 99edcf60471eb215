namespace Refinery.Kernel.Journal;

/// <summary>What came of an event from elsewhere.</summary>
public enum Arrival
{
    /// <summary>It joins the journal.</summary>
    New,

    /// <summary>It is there already, word for word.</summary>
    Known,

    /// <summary>Its id belongs to another event.</summary>
    Conflict,
}
